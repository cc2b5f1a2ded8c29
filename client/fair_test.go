package client_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"
)

// A ticking clock takes a step each time it is looked at.
type ticking struct{ *wire }

const tick = 50 * time.Microsecond

func (c ticking) Now() time.Duration {
	c.Advance(tick)
	return c.StandingClock.Now()
}

// TestB11Fair has a client read and write much, with nothing that would have it wait. Another task
// gets a turn after no more than a few hundred kilobytes.
func TestB11Fair(t *testing.T) {
	const size, most = 16 << 20, 1 << 20
	whole := strings.Repeat("x", size)
	for name, tt := range map[string]struct {
		reply  string
		length int64 // of an upload; -1 without an upload
	}{
		"length":  {ok + fmt.Sprintf("Content-Length: %d\r\n\r\n", size) + whole, -1},
		"chunk":   {ok + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", size) + whole + "\r\n0\r\n\r\n", -1},
		"tiny":    {ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", size/16) + "0\r\n\r\n", -1},
		"upload":  {ok + "Content-Length: 0\r\n\r\n", size},
		"chunked": {ok + "Content-Length: 0\r\n\r\n", 0},
	} {
		for _, stream := range []bool{false, true} {
			either(t, fmt.Sprintf("%s, streamed %v", name, stream), func(_ *testing.T, c net.Conn) {
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err == nil {
					_, err = io.Copy(io.Discard, r.Body)
				}
				if err == nil {
					_, _ = io.WriteString(c, tt.reply)
					silent(c)
				}
			}, func(t *testing.T, e endpoint) {
				w := &wire{}
				looptest.Run(t, func(y *loop.Yielder) error {
					c := &client.Client{TLSConfig: e.tls, Timeouts: client.Timeouts{Total: -1, Silence: -1}}
					r, up := &client.Request{Method: "PUT", URL: e.url, Stream: stream}, &body{Reader: strings.NewReader(whole)}
					if tt.length >= 0 {
						r.BodyStream, r.Length = up, tt.length
					}
					down := &body{}
					request := loop.Spawn(y, func(y *loop.Yielder) error {
						resp, err := c.Do(y, r)
						if err == nil && stream {
							down.Reader = resp.Stream
							_, err = io.Copy(io.Discard, down)
						}
						return err
					})
					step, turns := 0, 0
					for !request.Done() {
						before := up.read + down.read
						turn(t, y)
						turns++
						step = max(step, up.read+down.read-before)
					}
					if step > most || turns < 4*size/most {
						t.Errorf("%d bytes at once, %d turns", step, turns)
					}
					if _, err := request.Await(y); err != nil {
						t.Error(err)
					}
					return c.Close()
				}, looptest.On(func() (l *loop.Loop, err error) {
					w.StandingClock, err = looptest.NewStandingClock()
					return loop.NewOn(ticking{w}), err
				}))
			})
		}
	}
}
