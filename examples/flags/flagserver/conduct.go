package flagserver

import (
	"time"

	"github.com/valyala/fasthttp"
)

// A Conduct decides how the server treats a request: how long it delays the
// reply, and with what status; any but 200 is sent in place of what was asked
// for. It is called once a request, on the server's goroutine.
type Conduct func() (delay time.Duration, status int)

// Prompt serves every request at once.
func Prompt() (time.Duration, int) { return 0, fasthttp.StatusOK }

// Delayed serves every request after d.
func Delayed(d time.Duration) Conduct {
	return func() (time.Duration, int) { return d, fasthttp.StatusOK }
}

// Faulty answers a quarter of the requests with "418 I'm a teapot", serves half
// of them after d, and the rest at once. What becomes of a request is up to
// draw, which returns a number in [0, 1), as rand.Float64 does.
func Faulty(d time.Duration, draw func() float64) Conduct {
	return func() (time.Duration, int) {
		switch x := draw(); {
		case x < 0.25:
			return 0, fasthttp.StatusTeapot
		case x < 0.75:
			return d, fasthttp.StatusOK
		default:
			return 0, fasthttp.StatusOK
		}
	}
}
