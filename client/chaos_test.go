package client_test

import (
	"cmp"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
)

var (
	chaosRequests = flag.Int("chaos", 150, "requests that each program of TestChaos makes")
	chaosSeed     = flag.Uint64("chaosseed", 0, "seed of TestChaos; 0 means a new one")
)

// A chaos is a program of requests to servers that are faulty, with tasks that cancel them.
type chaos struct {
	name     string
	secure   bool
	client   client.Client // its options
	mishaps  []*mishap
	upload   int // of 100 requests, how many have a body
	stream   int // and how many a streamed reply
	refused  int // and how many go to a port where nobody listens
	post     int // and how many are no GET, though they have no body
	redirect bool
	abandon  bool // streams are left as they are
	size     int  // of a body, at most

	t       *testing.T
	rand    *rand.Rand
	stands  []*stand
	nowhere string // the address of nobody
	stories map[int]*story
	tally   map[string]int
	leaving bool // some server has closed an idle connection
}

func mix(lists ...[]*mishap) (all []*mishap) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

var limits = client.Timeouts{Connect: 5 * time.Second, TLS: 5 * time.Second, FirstByte: 20 * time.Second, Silence: 5 * time.Second, Total: time.Minute}

func chaoses() []*chaos {
	return []*chaos{
		{name: "crowd", client: client.Client{MaxConns: 4, MaxConnsPerHost: 2, Timeouts: limits},
			mishaps: mix(ordinary, ordinary, faults), refused: 5, post: 10, stream: 10, size: 100},
		{name: "uploads", client: client.Client{MaxConns: 6, Timeouts: limits},
			mishaps: mix(ordinary, faults, refusals), upload: 80, size: 100},
		{name: "streams", client: client.Client{MaxConnsPerHost: 3, Timeouts: limits},
			mishaps: mix(ordinary, faults), stream: 90, abandon: true, size: 200_000},
		{name: "redirects", client: client.Client{MaxConns: 3, MaxRedirects: 4, Timeouts: limits},
			mishaps: mix(ordinary, ordinary, faults), upload: 20, redirect: true, stream: 20, size: 100},
		{name: "tls", secure: true, client: client.Client{MaxConns: 4, Timeouts: limits},
			mishaps: mix(ordinary, ordinary, faults, refusals), upload: 20, stream: 30, post: 10, size: 3000},
		{name: "one place", client: client.Client{MaxConns: 1, IdleTimeout: time.Second, Timeouts: limits},
			mishaps: mix(ordinary, ordinary, ordinary, faults), upload: 10, stream: 10, post: 20, size: 1000},
	}
}

// TestChaos has six programs make requests of servers that hang up, fall silent, talk nonsense or
// refuse, with tasks that cancel them at any time. Each request has the outcome that its story
// allows, a response is the one of its own request, and nothing is left over.
func TestChaos(t *testing.T) {
	ours, theirs := fixedCertificate(t)
	for _, p := range chaoses() {
		t.Run(p.name, func(t *testing.T) {
			seed := *chaosSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("-chaosseed %d", seed)
			p.t, p.rand = t, rand.New(rand.NewPCG(seed, 0))
			p.stories, p.tally = map[int]*story{}, map[string]int{}
			p.client.TLSConfig = ours
			_, p.nowhere = bound(t)
			cfg := theirs
			if !p.secure {
				cfg = nil
			}
			calmly(t, func(y *loop.Yielder, cm *calm) { p.run(y, cm, cfg) })
			t.Logf("%v", p.tally)
		})
	}
}

func (p *chaos) run(y *loop.Yielder, cm *calm, cfg *tls.Config) {
	for range 3 {
		p.stands = append(p.stands, newStand(p.t, y, cfg, p.serve))
	}
	c := &p.client
	left := *chaosRequests
	next := func(y *loop.Yielder) error {
		for left > 0 {
			left--
			p.one(y, c, *chaosRequests-left)
		}
		return nil
	}
	var workers []*loop.Task[struct{}]
	for range 8 {
		workers = append(workers, loop.Spawn(y, next))
	}
	for _, w := range workers {
		if _, err := w.Await(y); err != nil {
			p.t.Error(err)
		}
	}
	if err := c.Close(); err != nil {
		p.t.Error(err)
	}
	for _, s := range p.stands {
		s.close(p.t, y)
	}
	if open, idle, waiting := client.Places(c); open != 0 || idle != 0 || waiting != 0 {
		p.t.Errorf("%d places, %d of them idle, and %d tasks wait", open, idle, waiting)
	}
	if len(cm.open) != 0 {
		p.t.Errorf("%d descriptors are left", len(cm.open))
	}
}

// serve serves a connection.
func (p *chaos) serve(y *loop.Yielder, c *torn, rw net.Conn) error {
	if p.secure && p.rand.IntN(8) == 0 {
		c.out, c.fate = p.rand.IntN(1200), fates[p.rand.IntN(len(fates))]
	}
	for {
		head, err := c.head(rw)
		if err != nil {
			return err
		}
		method, rest, _ := strings.Cut(head, " /")
		id, _ := strconv.Atoi(rest[:strings.IndexByte(rest, ' ')])
		s := p.stories[id]
		if s == nil || s.method != method && !p.redirect {
			p.t.Errorf("a server was asked %q", head)
			return errDone
		}
		s.arrivals++
		s.torn = c.fate
		m := p.mishaps[p.rand.IntN(len(p.mishaps))]
		switch {
		case p.redirect && s.size > 0 && p.rand.IntN(2) == 0:
			m = &mishap{name: "redirect", act: p.redirects, may: nothing}
		case s.method == "HEAD":
			m = ordinary[p.rand.IntN(len(ordinary))]
		}
		for (m.name == "early" || m.name == "early and gone" || m.name == "deaf") && s.sent == 0 {
			m = p.mishaps[p.rand.IntN(len(p.mishaps))]
		}
		s.mishaps = append(s.mishaps, m)
		p.leaving = p.leaving || m.name == "leaving"
		if strings.Contains(head, "\r\nExpect: ") && p.rand.IntN(2) == 0 && m.name != "early" {
			if _, err := io.WriteString(rw, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
				return err
			}
		}
		if err := m.act(&scene{story: s, c: c, rw: rw, y: y, rand: p.rand}); err != nil {
			return err
		}
	}
}

// redirects sends the client on, or round and round.
func (p *chaos) redirects(m *scene) error {
	status := []int{301, 302, 303, 307, 308}[p.rand.IntN(5)]
	to := fmt.Sprintf("/%d", m.id)
	if p.rand.IntN(2) == 0 {
		to = p.stands[p.rand.IntN(len(p.stands))].url(to)
	}
	length := []int{3, 3, 5, 1_000_000}[p.rand.IntN(4)] // the rest never comes
	if err := m.say(fmt.Sprintf("HTTP/1.1 %d Go\r\nLocation: %s\r\nContent-Length: %d\r\n\r\nabc", status, to, length)); err != nil || length == 3 {
		return err
	}
	return errors.Join(discard(m.rw), errDone)
}

// one makes a request, which may be cancelled, and judges the outcome.
func (p *chaos) one(y *loop.Yielder, c *client.Client, id int) {
	s := &story{id: id, method: "GET", size: p.rand.IntN(p.size + 1)}
	p.stories[id] = s
	r := &client.Request{URL: p.stands[p.rand.IntN(len(p.stands))].url("/" + strconv.Itoa(id))}
	p.dress(r, s, loop.Running(y))
	refused := p.rand.IntN(100) < p.refused
	if refused {
		r.URL = "http://" + p.nowhere + "/"
	}
	short := p.rand.IntN(20) == 0
	if short {
		r.Timeouts = &client.Timeouts{Total: time.Duration(p.rand.IntN(int(3 * time.Second)))}
	}
	var got result
	task := loop.Spawn(y, func(y *loop.Yielder) (err error) {
		got, err = p.ask(y, c, r)
		return err
	})
	cancelled := false
	if p.rand.IntN(4) == 0 {
		turns := p.rand.IntN(30)
		for range turns {
			if err := loop.Sleep(y, 0); err != nil {
				p.t.Error(err)
			}
		}
		if p.rand.IntN(2) == 0 {
			if _, _, err := loop.Wait(y, time.Duration(p.rand.IntN(int(10*time.Second))), loop.AllCompleted, task); err != nil {
				p.t.Error(err)
			}
		}
		cancelled = !task.Done()
		task.Cancel("enough")
	}
	_, err := task.Await(y)
	if wrong := p.judge(s, r, got, err, cancelled, refused, short); wrong != "" {
		names := ""
		for _, m := range s.mishaps {
			names += " " + m.name
		}
		p.t.Errorf("request %d, %s, %d arrivals:%s: %s", id, s.method, s.arrivals, names, wrong)
	}
}

// dress gives a request a method and a body.
func (p *chaos) dress(r *client.Request, s *story, l *loop.Loop) {
	r.Stream = p.rand.IntN(100) < p.stream
	if p.rand.IntN(100) < p.post {
		s.method = []string{"POST", "HEAD", "DELETE"}[p.rand.IntN(3)]
	}
	if p.rand.IntN(100) < p.upload {
		s.method = []string{"POST", "PUT"}[p.rand.IntN(2)]
		body := strings.Repeat("u", 1+p.rand.IntN([]int{20, 30_000, 500_000}[p.rand.IntN(3)]))
		s.sent = len(body)
		switch p.rand.IntN(3) {
		case 0:
			r.Body = []byte(body)
		case 1:
			r.BodyStream, r.Length = &steps{loop: l, left: body}, int64(len(body))
		default:
			r.BodyStream = &steps{loop: l, left: body}
		}
		r.Expect = p.rand.IntN(5) == 0
	}
	r.Method = s.method
}

// A result is what a request has given.
type result struct {
	status int
	id     string
	body   string
	part   bool // of the body
}

// ask makes the request, and reads the reply in one way or another.
func (p *chaos) ask(y *loop.Yielder, c *client.Client, r *client.Request) (got result, err error) {
	resp, err := c.Do(y, r)
	if err != nil {
		return got, err
	}
	got = result{status: resp.Status, id: resp.Header("Id"), body: string(resp.Body)}
	if !r.Stream {
		resp.Release()
		return got, nil
	}
	var read strings.Builder
	limit := -1
	switch p.rand.IntN(5) {
	case 0:
		got.part, limit = true, p.rand.IntN(p.size+1)
		if p.abandon && p.rand.IntN(2) == 0 {
			break // it is ended by the time for all, or with the client
		}
		fallthrough
	default:
		defer resp.Release()
	}
	buf := make([]byte, 1+p.rand.IntN(8<<10))
	for slow := p.rand.IntN(5) == 0; limit < 0 || read.Len() < limit; {
		n, err := resp.Stream.Read(buf)
		read.Write(buf[:n])
		got.body = read.String()
		if err == io.EOF {
			got.part = false
			return got, nil
		} else if err != nil {
			return got, err
		}
		if slow {
			if err := loop.Sleep(y, 0); err != nil {
				return got, err
			}
		}
	}
	return got, nil
}

// judge returns what is wrong with an outcome.
func (p *chaos) judge(s *story, r *client.Request, got result, err error, cancelled, refused, short bool) string {
	idempotent := s.method != "POST"
	if most := cmp.Or(btoi(idempotent), 0) + 1; s.arrivals > most && !p.redirect {
		return fmt.Sprintf("a server was asked %d times", s.arrivals)
	}
	e, _ := errors.AsType[*client.Error](err)
	switch {
	case err == nil:
		p.tally["responses"]++
		return s.compare(got)
	case cancelled:
		p.tally["cancelled"]++
		if !loop.IsCancelled(err) {
			return fmt.Sprintf("cancelled, and the error is %v", err)
		}
		return ""
	case e == nil:
		return fmt.Sprintf("got %v", err)
	case untidy(err) != "":
		return untidy(err)
	case loop.IsCancelled(err):
		return fmt.Sprintf("not cancelled, and the error is %v", err)
	case e.Timeout():
		p.tally["time-outs"]++
		if e.Phase == client.PhasePool || short || s.any(func(m *mishap) bool { return m.late }) || p.torn(s, e) {
			return ""
		}
	case refused:
		p.tally["refused"]++
		if e.Phase == client.PhaseConnect && errors.Is(err, syscall.ECONNREFUSED) {
			return ""
		}
	default:
		p.tally["failed"]++
		switch {
		case len(s.mishaps) > 0 && s.mishaps[len(s.mishaps)-1].may(e), p.torn(s, e) && brokenOff(e):
			return ""
		case s.arrivals == 0 && p.leaving && cutShort(e) && (!idempotent || s.sent > 0):
			return ""
		case p.redirect && errors.Is(err, client.ErrTooManyRedirects) && s.arrivals > 4:
			return ""
		case p.redirect && e.Phase == client.PhaseRedirect && r.BodyStream != nil && strings.Contains(err.Error(), "cannot be sent again"):
			return ""
		}
	}
	return fmt.Sprintf("got %v", err)
}

// torn reports whether the error may come of a connection that ends by itself: the one over which
// the request has arrived, or one on which it never did, in the first or the second try.
func (p *chaos) torn(s *story, e *client.Error) bool {
	switch e.Phase {
	case client.PhaseTLS, client.PhaseWrite, client.PhaseFirstByte:
		return p.secure
	}
	return s.torn != ""
}

func (s *story) any(is func(*mishap) bool) bool {
	for _, m := range s.mishaps {
		if is(m) {
			return true
		}
	}
	return false
}

// compare returns what is wrong with a response.
func (s *story) compare(got result) string {
	want := result{status: 200, id: strconv.Itoa(s.id), body: s.body(s.sent)}
	switch last := s.mishaps[len(s.mishaps)-1]; {
	case strings.HasPrefix(last.name, "early"):
		want.status, want.body = 413, "no"
	case s.method == "HEAD":
		want.body = ""
	case s.any(func(m *mishap) bool { return m.name == "redirect" }):
		// The body of the request may have been dropped on the way.
		if got.body == s.body(0) {
			want.body = got.body
		}
	}
	if got.part && strings.HasPrefix(want.body, got.body) {
		want.body = got.body
	}
	if got.part = false; got != want {
		return fmt.Sprintf("got %d, id %s, %d bytes; want %d, id %s, %d bytes", got.status, got.id, len(got.body), want.status, want.id, len(want.body))
	}
	return ""
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
