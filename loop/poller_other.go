//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package loop

// coloop needs epoll or kqueue, by way of gnet's netpoll package, which this
// operating system does not have.
var _ = this_operating_system_is_not_supported
