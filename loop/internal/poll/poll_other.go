//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

// Package poll needs epoll or kqueue, by way of gnet's netpoll package, which
// this operating system does not have.
package poll

// Poller stands for what is missing here.
type Poller = this_operating_system_is_not_supported

// Open stands for what is missing here.
func Open() (*Poller, error) { return nil, nil }
