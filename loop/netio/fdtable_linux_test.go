package netio

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestDescriptorTable opens sockets until the table of the process is full. It then has room
// for many more.
func TestDescriptorTable(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	size := fdTableSize()
	if size == 0 {
		t.Skip("the system does not tell the size of the table")
	}
	if size >= int64(limit.Cur) || size > 4096 {
		t.Skipf("there is room for %d descriptors already", size)
	}
	for {
		fd, err := system{}.Socket(unix.AF_UNIX, unix.SOCK_STREAM)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		got, want := fdTableSize(), min(size*fdTableStep, int64(limit.Cur))
		switch {
		case int64(fd) < size-fdTableRest && got != size:
			t.Fatalf("descriptor %d: the table has grown from %d to %d", fd, size, got)
		case int64(fd) >= size-fdTableRest:
			if got < want {
				t.Errorf("the full table of %d has grown to %d, want %d", size, got, want)
			}
			return
		}
	}
}
