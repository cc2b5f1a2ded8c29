package netio

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// ptmx is the number of the device whose every opening makes a new terminal.
const ptmx = 5<<8 | 2

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

// reopen opens the file of fd anew, so that it can be non-blocking without being so for the
// others that have it. It returns fd if the system does not allow that.
func reopen(fd, flags int) int {
	keep := flags & (unix.O_ACCMODE | unix.O_APPEND | unix.O_DIRECT)
	own, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), keep|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return fd
	}
	return own
}
