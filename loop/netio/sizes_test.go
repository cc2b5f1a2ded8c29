//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"testing"
	"unsafe"
)

// TestSizes: what each of many connections costs. 256 bytes is a size in which Go allocates.
func TestSizes(t *testing.T) {
	if got := unsafe.Sizeof(descriptor{}); got > 256 {
		t.Errorf("a descriptor has %d bytes", got)
	}
}
