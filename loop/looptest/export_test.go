package looptest

import (
	"io"
	"time"
)

// Impatient has a test that leaves something fail at once.
func Impatient() (restore func()) {
	was := patience
	patience = 0
	return func() { patience = was }
}

// ReportHangs has a task that blocks its loop reported to w, and soon.
func ReportHangs(w io.Writer) (restore func()) {
	limit, to := hung, stderr
	hung, stderr = time.Millisecond, w
	return func() { hung, stderr = limit, to }
}
