package client_test

import (
	"errors"
	"io"
	"iter"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"
)

// An ear is the system's network, on a clock that stands, and knows when it is still.
type ear struct {
	*looptest.StandingClock
	open  map[int]bool
	still int // turns without news
}

func (e *ear) Add(fd int) error {
	e.open[fd] = true
	return e.StandingClock.Add(fd)
}

func (e *ear) Remove(fd int) {
	delete(e.open, fd)
	e.StandingClock.Remove(fd)
}

func (e *ear) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	e.still++
	return e.StandingClock.Wait(until, func(fd int, read, write, hangup bool) bool {
		e.still = 0
		return report(fd, read, write, hangup)
	})
}

// stillness is how many turns without news, after everything has arrived, mean that a
// client waits for something that nobody sends.
const stillness = 3

// settle gives the booth and the loop turns until nothing more can happen, or done.
func (e *ear) settle(t testing.TB, y *loop.Yielder, b *booth, done func() bool) {
	for e.still = 0; e.still < stillness && !done(); turn(t, y) {
		if b.act(t, slices.Collect(maps.Keys(e.open))) {
			e.still = 0
		}
	}
}

// A way is how a script is played to the client.
type way struct {
	pieces bool // a byte at a time
	stream bool // the body is streamed
}

// playClients plays the scripts to the client of this package.
func playClients(t *testing.T, scripts []script, how way) map[string]outcome {
	t.Helper()
	outcomes := make(map[string]outcome)
	e := &ear{open: map[int]bool{}}
	looptest.Run(t, func(y *loop.Yielder) error {
		ln := loopback(t)
		defer ln.Close()
		for _, s := range scripts {
			outcomes[s.name] = playClient(t, y, e, newBooth(ln, s, how.pieces), how.stream)
		}
		return nil
	}, looptest.On(func() (l *loop.Loop, err error) {
		e.StandingClock, err = looptest.NewStandingClock()
		return loop.NewOn(e), err
	}))
	return outcomes
}

func playClient(t *testing.T, y *loop.Yielder, e *ear, b *booth, stream bool) outcome {
	c := &client.Client{Timeouts: client.Timeouts{Total: time.Hour}}
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("%s: closing the client: %v", b.name, err)
		}
		b.close(t)
	}()
	ask := func(method, path string) outcome {
		r := &client.Request{Method: method, URL: "http://" + b.addr + path, Stream: stream}
		if method == "POST" {
			r.Body = []byte("ping")
		}
		request := loop.Go(y, func(y *loop.Yielder) (outcome, error) {
			resp, err := c.Do(y, r)
			if err != nil {
				return outcome{}, err
			}
			defer resp.Release()
			if stream {
				if resp.Body, err = io.ReadAll(resp.Stream); err != nil {
					return outcome{}, err
				}
			}
			return told(resp, b.name, b.addr), nil
		}, loop.Named(b.name))
		e.settle(t, y, b, request.Done)
		for _, d := range []time.Duration{time.Second, time.Minute, time.Hour} {
			if !request.Done() {
				e.Advance(d)
				e.settle(t, y, b, request.Done)
			}
		}
		o, err := request.Await(y)
		if err == nil {
			return o
		}
		if msg := err.Error(); !oneLine(msg) {
			t.Errorf("%s: an error of %d bytes: %.2000q", b.name, len(msg), msg)
		}
		if n := net.Error(nil); errors.As(err, &n) && n.Timeout() {
			return outcome{Error: timedOut}
		}
		return outcome{Error: failed}
	}
	o := ask(b.method, page)
	if b.asksNext() {
		e.settle(t, y, b, func() bool { return false })
		o.Next = ask("GET", next).follow()
	}
	return o
}

// told is what a response says.
func told(resp *client.Response, name, addr string) outcome {
	o := outcome{Status: resp.Status, Body: short(strings.ReplaceAll(string(resp.Body), addr, "{addr}"))}
	for k, v := range resp.Headers() {
		if k == "Content-Type" && v == "text/plain; charset=utf-8" && name != "fields/no-content-type" {
			continue // TODO: the client makes it up
		}
		o.Fields = addField(o.Fields, k, strings.ReplaceAll(v, addr, "{addr}"))
	}
	if r, ok := any(resp).(interface {
		Trailers() iter.Seq2[string, string]
	}); ok {
		for k, v := range r.Trailers() {
			o.Trailers = addField(o.Trailers, k, v)
		}
	}
	sortFields(o.Fields)
	sortFields(o.Trailers)
	return o
}
