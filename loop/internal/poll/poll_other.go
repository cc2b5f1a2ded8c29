//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

// Package poll needs epoll or kqueue, by way of gnet's netpoll package. This operating
// system has neither.
package poll

// Poller stops the build, with a message in its type.
type Poller = this_operating_system_is_not_supported

// Open is here so that the type of Poller is the only error of the build.
func Open() (*Poller, error) { return nil, nil }
