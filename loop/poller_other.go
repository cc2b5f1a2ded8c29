//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package loop

// descriptor stands for what is missing here: coloop needs epoll or kqueue, by
// way of gnet's netpoll package, which this operating system does not have.
type descriptor = this_operating_system_is_not_supported

func newNetPoller(*Loop) (poller, error) { return nil, nil }
