package client_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"
)

// retrying makes a request and moves the clock from one attempt to the next.
func retrying(t testing.TB, y *loop.Yielder, c *client.Client, r *client.Request) (resp *client.Response, attempts []client.Attempt, err error) {
	t.Helper()
	policy := *c.Retry
	if r.Retry != nil {
		policy = *r.Retry
	}
	policy.OnRetry = func(y *loop.Yielder, a client.Attempt) {
		attempts = append(attempts, a)
		// The time is up only once the task sleeps.
		loop.Running(y).CallSoon(func() { looptest.Advance(y, a.Delay) })
	}
	own := *r
	own.Retry = &policy
	resp, err = c.Do(y, &own)
	return resp, attempts, err
}

// TestRetryStatus has a server that answers with some statuses first.
func TestRetryStatus(t *testing.T) {
	date := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	stamp := func(d time.Duration) string { return date.Add(d).Format("Mon, 02 Jan 2006 15:04:05 GMT") }
	after := func(v string) string { return replies(503, "Retry-After: "+v, "Date: "+stamp(0)) }
	exact := client.Retry{Backoff: -1}
	for _, tt := range []struct {
		name    string
		policy  client.Retry
		req     client.Request
		answers []string // then 200
		status  int
		waits   []time.Duration
	}{
		{"none", exact, client.Request{}, nil, 200, nil},
		{"503", exact, client.Request{}, []string{replies(503)}, 200, []time.Duration{0}},
		{"429 and 502", exact, client.Request{}, []string{replies(429), replies(502)}, 200, []time.Duration{0, 0}},
		{"504 too often", exact, client.Request{}, []string{replies(504), replies(504), replies(504)}, 504, []time.Duration{0, 0}},
		{"5 attempts", client.Retry{Backoff: -1, Attempts: 5}, client.Request{}, slices.Repeat([]string{replies(503)}, 4), 200, []time.Duration{0, 0, 0, 0}},
		{"1 attempt", client.Retry{Backoff: -1, Attempts: 1}, client.Request{}, []string{replies(503)}, 503, nil},
		{"500", exact, client.Request{}, []string{replies(500)}, 500, nil},
		{"500 is one", client.Retry{Backoff: -1, Statuses: []int{500}}, client.Request{}, []string{replies(500)}, 200, []time.Duration{0}},
		{"503 is none", client.Retry{Backoff: -1, Statuses: []int{500}}, client.Request{}, []string{replies(503)}, 503, nil},
		{"no status is one", client.Retry{Backoff: -1, Statuses: []int{}}, client.Request{}, []string{replies(503)}, 503, nil},
		{"POST", exact, client.Request{Method: "POST", Body: []byte("x")}, []string{replies(503)}, 503, nil},
		{"POST allowed", client.Retry{Backoff: -1, NonIdempotent: true}, client.Request{Method: "POST", Body: []byte("x")}, []string{replies(503)}, 200, []time.Duration{0}},
		{"POST with a key", exact, client.Request{Method: "POST", Header: map[string][]string{"idempotency-key": {"1"}}}, []string{replies(503)}, 200, []time.Duration{0}},
		{"PUT", exact, client.Request{Method: "PUT", Body: []byte("x")}, []string{replies(503)}, 200, []time.Duration{0}},
		{"DELETE", exact, client.Request{Method: "DELETE"}, []string{replies(503)}, 200, []time.Duration{0}},
		{"seconds", exact, client.Request{}, []string{after("7")}, 200, []time.Duration{7 * time.Second}},
		{"no seconds", exact, client.Request{}, []string{after("0")}, 200, []time.Duration{0}},
		{"date", exact, client.Request{}, []string{after(stamp(9 * time.Second))}, 200, []time.Duration{9 * time.Second}},
		{"date that is over", exact, client.Request{}, []string{after(stamp(-9 * time.Second))}, 200, []time.Duration{0}},
		{"date without Date", exact, client.Request{}, []string{replies(503, "Retry-After: Mon, 01 Jan 2001 00:00:00 GMT")}, 200, []time.Duration{0}},
		{"far date without Date", exact, client.Request{}, []string{replies(503, "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT")}, 503, nil},
		{"nonsense", exact, client.Request{}, []string{after("soon"), after("-5")}, 200, []time.Duration{0, 0}},
		{"as long as may be", exact, client.Request{}, []string{after("60")}, 200, []time.Duration{time.Minute}},
		{"too long", exact, client.Request{}, []string{after("61")}, 503, nil},
		{"far too long", exact, client.Request{}, []string{after("99999999999999999999")}, 503, nil},
		{"longer than time", client.Retry{Backoff: -1, MaxRetryAfter: math.MaxInt64}, client.Request{}, []string{after("9999999999")}, 503, nil},
		{"limit", client.Retry{Backoff: -1, MaxRetryAfter: time.Second}, client.Request{}, []string{after("1"), after("2")}, 503, []time.Duration{time.Second}},
		{"beyond Total", exact, client.Request{Timeouts: &client.Timeouts{Total: 10 * time.Second}}, []string{after("9"), after("2")}, 503, []time.Duration{9 * time.Second}},
		{"streamed", exact, client.Request{Stream: true}, []string{says("x"), replies(503)}[1:], 200, []time.Duration{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			left := tt.answers
			addr := converse(t, func(v *visit) string {
				if len(left) == 0 {
					return says("done")
				}
				answer := left[0]
				left = left[1:]
				return answer
			})
			c := &client.Client{Retry: &tt.policy, MaxConns: 1}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				r := tt.req
				r.URL = "http://" + addr
				resp, attempts, err := retrying(t, y, c, &r)
				if err != nil || resp.Status != tt.status {
					t.Fatalf("got %+v, %v", resp, err)
				}
				var waits []time.Duration
				for i, a := range attempts {
					waits = append(waits, a.Delay)
					if a.N != i+1 || a.URL != r.URL || a.Err != nil || !strings.Contains(tt.answers[i], fmt.Sprint(" ", a.Status, " ")) {
						t.Errorf("attempt %d: %+v", i, a)
					}
				}
				if !slices.Equal(waits, tt.waits) {
					t.Errorf("waited %v, want %v", waits, tt.waits)
				}
			})
		})
	}
}

// TestRetryError has servers that fail in each phase.
func TestRetryError(t *testing.T) {
	_, refused := bound(t)
	cut := func(raw string) func(net.Conn) { return reply(raw) }
	own := errors.New("own")
	for _, tt := range []struct {
		name   string
		server func(net.Conn) // nil: nobody listens
		policy client.Retry
		req    client.Request
		times  int // attempts in all
		is     error
	}{
		{"refused", nil, client.Retry{}, client.Request{}, 3, syscall.ECONNREFUSED},
		{"refused POST", nil, client.Retry{}, client.Request{Method: "POST", Body: []byte("x")}, 3, syscall.ECONNREFUSED},
		{"no reply", cut(""), client.Retry{}, client.Request{}, 3, nil},
		{"no reply to POST", cut(""), client.Retry{}, client.Request{Method: "POST"}, 1, nil},
		{"no reply to POST, allowed", cut(""), client.Retry{NonIdempotent: true}, client.Request{Method: "POST"}, 3, nil},
		{"reset", reset(""), client.Retry{Attempts: 2}, client.Request{}, 2, syscall.ECONNRESET},
		{"header cut", cut(ok + "Content-"), client.Retry{}, client.Request{}, 3, nil},
		{"body cut", cut(ok + "Content-Length: 5\r\n\r\nabc"), client.Retry{}, client.Request{}, 3, nil},
		{"body cut, streamed", cut(ok + "Content-Length: 5\r\n\r\nabc"), client.Retry{}, client.Request{Stream: true}, 1, nil},
		{"malformed", cut("nonsense\r\n\r\n"), client.Retry{}, client.Request{}, 1, nil},
		{"too large", cut(ok + "Content-Length: 100000000000\r\n\r\n"), client.Retry{}, client.Request{}, 1, client.ErrBodyTooLarge},
		{"not this one", cut(""), client.Retry{Errors: func(*client.Error) bool { return false }}, client.Request{}, 1, nil},
		{"this one", cut("nonsense\r\n\r\n"), client.Retry{Errors: func(e *client.Error) bool { return e.Phase == client.PhaseHeader }}, client.Request{}, 3, nil},
		{"bad request", nil, client.Retry{Errors: func(e *client.Error) bool { return true }}, client.Request{Header: map[string][]string{"a b": {""}}}, 3, nil},
		{"bad request, by default", nil, client.Retry{}, client.Request{Header: map[string][]string{"a b": {""}}}, 1, nil},
		{"body fails", silent, client.Retry{Errors: func(e *client.Error) bool { return true }}, client.Request{Method: "PUT", BodyStream: failing{own}}, 1, own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := refused
			if tt.server != nil {
				addr = serve(t, tt.server)
			}
			policy := tt.policy
			policy.Backoff = -1
			c := &client.Client{Retry: &policy}
			run(t, c, func(y *loop.Yielder, w *wire) {
				r := tt.req
				r.URL = "http://" + addr
				_, attempts, err := retrying(t, y, c, &r)
				if r.Stream && err == nil {
					err = errors.New("the body was to be cut")
				} else if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("got %v", err)
				}
				if len(attempts)+1 != tt.times {
					t.Errorf("%d attempts, %v", len(attempts)+1, err)
				}
				for i, a := range attempts {
					if a.N != i+1 || a.Status != 0 || a.Err.Error() != err.Error() {
						t.Errorf("attempt %d: %+v, in the end %v", i, a, err)
					}
				}
				if !r.Stream && w.open != 0 {
					t.Errorf("%d connections are open", w.open)
				}
			})
		})
	}
}

// A failing is a body that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestRetryTimeout has a server that is silent: each attempt has its own FirstByte, and Total is for all.
func TestRetryTimeout(t *testing.T) {
	addr := serve(t, silent)
	for _, tt := range []struct {
		total    time.Duration
		attempts int
		phase    client.Phase
	}{
		{time.Hour, 3, client.PhaseFirstByte},
		{25 * time.Second, 3, client.PhaseFirstByte}, // Total is over in the third
		{20 * time.Second, 2, client.PhaseFirstByte}, // and would be before the third begins
	} {
		c := &client.Client{
			Retry:    &client.Retry{Backoff: -1},
			Timeouts: client.Timeouts{FirstByte: 10 * time.Second, Total: tt.total},
		}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			attempts := 1
			c.Retry.OnRetry = func(*loop.Yielder, client.Attempt) { attempts++ }
			task := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://"+addr) })
			for n := 1; !task.Done(); n++ {
				parked(t, y, task, "Conn.Read")
				looptest.Advance(y, 10*time.Second)
				for attempts == n && !task.Done() {
					turn(t, y)
				}
			}
			_, err := task.Await(y)
			var e *client.Error
			if !errors.As(err, &e) || !e.Timeout() || e.Phase != tt.phase || attempts != tt.attempts {
				t.Errorf("Total %v: %d attempts, %v", tt.total, attempts, err)
			}
		})
	}
}

// TestRetryBackoff looks at the time between attempts: it doubles up to a limit, and up to a half of it is left out.
func TestRetryBackoff(t *testing.T) {
	_, refused := bound(t)
	for _, tt := range []struct {
		backoff, most time.Duration
		total         time.Duration
		want          []time.Duration // at most
	}{
		{0, 0, -1, []time.Duration{200e6, 400e6, 800e6, 1600e6, 3200e6, 6400e6, 12800e6, 25600e6, 30e9, 30e9}},
		{time.Second, 3 * time.Second, -1, []time.Duration{1e9, 2e9, 3e9, 3e9, 3e9, 3e9, 3e9, 3e9, 3e9, 3e9}},
		{time.Minute, time.Second, -1, slices.Repeat([]time.Duration{1e9}, 10)},
		{1, 2, -1, []time.Duration{1, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
		{-1, 0, -1, make([]time.Duration, 10)},
		// It saturates, and what would come after the end of time does not come.
		{math.MaxInt64, math.MaxInt64, time.Hour, nil},
		{time.Hour, math.MaxInt64, 2 * time.Hour, []time.Duration{time.Hour}},
	} {
		c := &client.Client{Retry: &client.Retry{Attempts: 11, Backoff: tt.backoff, MaxBackoff: tt.most}, Timeouts: client.Timeouts{Total: tt.total}}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			_, attempts, err := retrying(t, y, c, &client.Request{URL: "http://" + refused})
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error(err)
			}
			least := min(len(tt.want), len(attempts))
			if tt.total < 0 && len(attempts) != len(tt.want) || len(tt.want) == 0 && len(attempts) > 0 {
				t.Errorf("%v: %d attempts", tt, len(attempts))
			}
			for i, a := range attempts[:least] {
				if a.Delay > tt.want[i] || a.Delay < tt.want[i]/2 {
					t.Errorf("%v: waited %v after attempt %d, want half of %v to all", tt, a.Delay, a.N, tt.want[i])
				}
			}
		})
	}
}

// TestRetryIsCancelled cancels a request between two attempts, and closes the client there.
func TestRetryIsCancelled(t *testing.T) {
	_, refused := bound(t)
	for _, close := range []bool{false, true} {
		c := &client.Client{Retry: &client.Retry{}}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			task := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, "http://"+refused) })
			parked(t, y, task, "Sleep")
			if close {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				looptest.Advance(y, time.Second)
			} else {
				task.Cancel()
			}
			_, err := task.Await(y)
			var e *client.Error
			switch {
			case !errors.As(err, &e):
				t.Errorf("got %v", err)
			case close && !errors.Is(err, client.ErrClosed):
				t.Errorf("closed: %v", err)
			case !close && (e.Phase != client.PhaseRetry || !errors.Is(err, context.Canceled)):
				t.Errorf("cancelled: %v", err)
			}
		})
	}
}

// TestRetryIsOfTheHop fails after a redirect: what is sent again is the GET there, not the POST.
func TestRetryIsOfTheHop(t *testing.T) {
	var asked []string
	failed := false
	addr := converse(t, func(v *visit) string {
		asked = append(asked, v.Method+v.RequestURI)
		switch {
		case v.RequestURI == "/":
			return to(303, "/result")
		case !failed:
			failed = true
			return replies(503)
		}
		return says("done")
	})
	c := &client.Client{Retry: &client.Retry{Backoff: -1}}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Post(y, "http://"+addr+"/", "text/plain", []byte("x"))
		cross()
		if err != nil || string(resp.Body) != "done" || len(resp.History) != 1 || fmt.Sprint(asked) != "[POST/ GET/result GET/result]" {
			t.Errorf("got %+v, %v; asked %v", resp, err, asked)
		}
	})
}

// TestNoRetryByDefault sends what fails once.
func TestNoRetryByDefault(t *testing.T) {
	asked := 0
	addr := converse(t, func(*visit) string { asked++; return replies(503) })
	c := &client.Client{}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		resp, err := c.Get(y, "http://"+addr)
		if cross(); err != nil || resp.Status != 503 || asked != 1 {
			t.Errorf("asked %d times: %+v, %v", asked, resp, err)
		}
	})
}

// TestNoResend has connections that the server closes before the next request comes.
func TestNoResend(t *testing.T) {
	for _, off := range []bool{false, true} {
		addr := serve(t, func(c net.Conn) {
			reply(ok + "Content-Length: 2\r\n\r\nok")(c)
			reply("")(c) // the second request on it gets nothing
		})
		c := &client.Client{NoResend: off}
		run(t, c, func(y *loop.Yielder, w *wire) {
			if err := get(y, c, "http://"+addr); err != nil {
				t.Error(err)
			}
			err := get(y, c, "http://"+addr)
			if off {
				checkError(t, err, "GET", "http://"+addr, client.PhaseFirstByte, nil, "server closed the connection without a reply")
			} else if err != nil {
				t.Error(err)
			}
			if want := map[bool]int{false: 2, true: 1}[off]; w.made != want {
				t.Errorf("%d connections, want %d", w.made, want)
			}
		})
	}
}
