package client_test

import "golang.org/x/sys/unix"

// underway reports whether something sent on fd has not arrived. What the other side has no
// room for has not been sent.
func underway(fd int) bool {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // acknowledge what has come
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.Unacked > 0
}
