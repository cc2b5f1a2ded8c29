package client_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// piped is the address of a stage that is played over pipes.
const piped = "127.0.0.1:80"

// playNetHTTP plays a script to net/http's client, over pipes in a bubble, where
// silence is what the clock passes.
func playNetHTTP(t *testing.T, s script) (o outcome) {
	synctest.Test(t, func(t *testing.T) {
		th := &theatre{stage: stage{script: s, addr: piped}}
		tr := &http.Transport{DialContext: th.dial}
		c := &http.Client{Transport: tr, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			synctest.Wait() // for the transport to see what follows the redirect
			if len(via) >= 10 {
				return errors.New("stopped after 10 redirects")
			}
			return nil
		}}
		ask := func(method, path string) outcome {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			o, err := askNetHTTP(ctx, c, method, "http://"+th.addr+path)
			if errors.Is(err, context.DeadlineExceeded) {
				return outcome{Error: timedOut}
			} else if err != nil {
				return outcome{Error: failed}
			}
			return o
		}
		o = ask(s.method, page)
		synctest.Wait()
		if th.asksNext() {
			o.Next = ask("GET", next).follow()
		}
		th.close()
		tr.CloseIdleConnections()
	})
	return o
}

func askNetHTTP(ctx context.Context, c *http.Client, method, url string) (o outcome, err error) {
	var body io.Reader
	if method == "POST" {
		body = strings.NewReader("ping")
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return o, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return o, err
	}
	defer resp.Body.Close()
	o.Status = resp.StatusCode
	if o.Status != http.StatusSwitchingProtocols { // its body is the connection
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return o, err
		}
		o.Body = short(strings.ReplaceAll(string(text), piped, "{addr}"))
	}
	for k, values := range resp.Header {
		for _, v := range values {
			o.Fields = addField(o.Fields, k, strings.ReplaceAll(v, piped, "{addr}"))
		}
	}
	for k, values := range resp.Trailer {
		for _, v := range values {
			o.Trailers = addField(o.Trailers, k, v)
		}
	}
	sortFields(o.Fields)
	sortFields(o.Trailers)
	return o, nil
}

// dial is a Transport's DialContext that leads to the theatre, and nowhere else.
func (th *theatre) dial(_ context.Context, _, addr string) (net.Conn, error) {
	if addr != th.addr {
		return nil, syscall.ECONNREFUSED
	}
	near, far := net.Pipe()
	th.serve(far)
	return pipe{near, th.end == "reset"}, nil
}

// A pipe is an end of a net.Pipe whose other end resets it, if reset, instead of closing it.
type pipe struct {
	net.Conn
	reset bool
}

func (p pipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err == io.EOF && p.reset {
		err = syscall.ECONNRESET
	}
	return n, err
}

// muteLog has net/http not log what it thinks of connections.
func muteLog(t *testing.T) {
	before := log.Writer()
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(before) })
}
