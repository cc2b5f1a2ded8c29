package client_test

import "golang.org/x/sys/unix"

// underway reports whether something sent on fd has not arrived. What the other side has no
// room for is not under way.
func underway(fd int) bool {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // acknowledge what has come
	sent, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if err != nil || sent == 0 {
		return false
	}
	unsent, err := unix.IoctlGetInt(fd, unix.SIOCOUTQNSD)
	return err == nil && sent > unsent
}
