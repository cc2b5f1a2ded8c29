package netio

import (
	"bytes"
	"os"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Linux keeps the descriptors of a process in a table. The call that needs a number beyond its
// end makes it twice as large, and waits 4 to 16 ms for a grace period of RCU if several
// threads have the table, as those of a Go program do. The loop stands as long: six times
// until 4,096 connections are open. So the table is made fdTableStep times as large when it is
// about to be full: fdTableSize needs a number itself.
const (
	fdTableStep = 16
	fdTableRest = 8
)

// fdTable is how many numbers the table has room for, as far as is known.
var fdTable atomic.Int64

func init() { fdTable.Store(64) } // none is smaller

// opened makes room in the table if fd, which is new, is one of its last numbers.
func opened(fd int, err error) (int, error) {
	if err == nil && int64(fd) >= fdTable.Load()-fdTableRest {
		makeRoom(fd)
	}
	return fd, err
}

func makeRoom(fd int) {
	size := max(fdTable.Load(), fdTableSize())
	if int64(fd) >= size-fdTableRest {
		size = max(size, int64(fd)+1) * fdTableStep
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil {
			size = max(int64(fd)+2*fdTableRest, min(size, int64(limit.Cur)))
		}
		// A descriptor of the last number makes the table so large. If it cannot be made, the
		// table grows as if this function did not exist.
		if last, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, int(size-1)); err == nil {
			_ = unix.Close(last)
		}
	}
	fdTable.Store(size)
}

// fdTableSize returns the size of the table; 0 if the system does not tell.
func fdTableSize() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, status, _ = bytes.Cut(status, []byte("\nFDSize:\t"))
	number, _, _ := bytes.Cut(status, []byte("\n"))
	size, _ := strconv.ParseInt(string(number), 10, 64)
	return size
}
