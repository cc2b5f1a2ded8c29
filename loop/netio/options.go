//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// This file has the options that *net.TCPConn has methods for. All may be called on any
// goroutine, and wait for nothing.

// SetKeepAlive says whether the system asks a silent peer if it is still there. By default it
// does, as a connection of package net's does.
func (c *Conn) SetKeepAlive(on bool) error {
	return c.d.set(func(s Sockets, fd int) error { return setInt(s, fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, bit(on)) })
}

// SetKeepAlivePeriod sets how long the peer must be silent before it is asked; 0 means 15 s, and a
// negative time changes nothing. It is rounded up to seconds, and 32,767 s at most.
func (c *Conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.d.set(func(s Sockets, fd int) error { return setPeriod(s, fd, idle, d) })
}

// SetKeepAliveConfig sets all of it, as net.TCPConn's does.
func (c *Conn) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	return c.d.set(func(s Sockets, fd int) error { return setKeepAlive(s, fd, config) })
}

// SetNoDelay says whether data is sent at once, which is the default, or is collected first
// (Nagle's algorithm).
func (c *Conn) SetNoDelay(on bool) error {
	return c.d.set(func(s Sockets, fd int) error { return setInt(s, fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, bit(on)) })
}

// SetLinger says what Close does with data that was not sent yet: the system goes on sending
// it if sec is negative, which is the default, drops it and resets the connection if sec is 0, and may
// drop it after so many seconds if sec is above.
func (c *Conn) SetLinger(sec int) error {
	return c.d.set(func(s Sockets, fd int) error {
		return os.NewSyscallError("setsockopt", s.SetLinger(fd, sec))
	})
}

// SetReadBuffer sets the size of the system's buffer for data that was not read yet.
func (c *Conn) SetReadBuffer(bytes int) error {
	return c.d.set(func(s Sockets, fd int) error { return setInt(s, fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes) })
}

// SetWriteBuffer sets the size of the system's buffer for data that was not sent yet.
func (c *Conn) SetWriteBuffer(bytes int) error {
	return c.d.set(func(s Sockets, fd int) error { return setInt(s, fd, unix.SOL_SOCKET, unix.SO_SNDBUF, bytes) })
}

// set changes an option of the socket.
func (d *descriptor) set(change func(s Sockets, fd int) error) error { return d.change("set", change) }

// change changes something of the socket, for an operation op. It may be called on any
// goroutine, because mu keeps the socket open meanwhile.
func (d *descriptor) change(op string, change func(s Sockets, fd int) error) error {
	d.mu.Lock()
	err := net.ErrClosed
	if !d.gone() {
		err = change(d.sockets, d.fd)
	}
	d.mu.Unlock()
	if err != nil {
		return d.fail(op, err)
	}
	return nil
}

func setInt(s Sockets, fd, level, option, value int) error {
	return os.NewSyscallError("setsockopt", s.SetsockoptInt(fd, level, option, value))
}

func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// The options of keep-alive, in the order of keepAliveOptions.
const (
	idle = iota
	interval
	count
)

// keepAliveOptions are the numbers of TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT. OpenBSD
// has no such options.
var keepAliveOptions = map[string][3]int{
	"darwin":    {idle: 0x10, interval: 0x101, count: 0x102}, // the first is called TCP_KEEPALIVE
	"dragonfly": {idle: 0x100, interval: 0x200, count: 0x400},
	"freebsd":   {idle: 0x100, interval: 0x200, count: 0x400},
	"linux":     {idle: 4, interval: 5, count: 6},
	"netbsd":    {idle: 3, interval: 5, count: 6},
}

// inheritsKeepAlive says whether an accepted socket has the options of the one that listens.
const inheritsKeepAlive = runtime.GOOS == "linux" || runtime.GOOS == "freebsd"

// keepAliveConfig is what package net makes of its two fields for the same.
func keepAliveConfig(period time.Duration, config net.KeepAliveConfig) net.KeepAliveConfig {
	if !config.Enable && period >= 0 {
		return net.KeepAliveConfig{Enable: true, Idle: period}
	}
	return config
}

// setKeepAlive does what net.TCPConn's SetKeepAliveConfig does: values of 0 stand for net's
// defaults, and negative ones change nothing.
func setKeepAlive(s Sockets, fd int, config net.KeepAliveConfig) error {
	if err := setInt(s, fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, bit(config.Enable)); err != nil {
		return err
	}
	if err := setPeriod(s, fd, idle, config.Idle); err != nil {
		return err
	}
	if err := setPeriod(s, fd, interval, config.Interval); err != nil {
		return err
	}
	n := config.Count
	if n == 0 {
		n = 9
	}
	return setKeepAliveOption(s, fd, count, n)
}

// setPeriod sets one of the two times of keep-alive.
func setPeriod(s Sockets, fd, option int, d time.Duration) error {
	const most = 32767 * time.Second // Linux refuses more
	switch {
	case d < 0:
		return nil
	case d == 0:
		d = 15 * time.Second
	}
	return setKeepAliveOption(s, fd, option, int((min(d, most)+time.Second-1)/time.Second))
}

func setKeepAliveOption(s Sockets, fd, option, value int) error {
	numbers, ok := keepAliveOptions[runtime.GOOS]
	switch {
	case value < 0:
		return nil
	case !ok:
		return os.NewSyscallError("setsockopt", unix.ENOPROTOOPT)
	}
	return setInt(s, fd, unix.IPPROTO_TCP, numbers[option], value)
}
