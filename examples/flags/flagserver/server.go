// Package flagserver serves the flags and names of package atlas over HTTP, at
// the paths that the flag downloader of Fluent Python asks for:
//
//	/flags/cn/cn.gif
//	/flags/cn/metadata.json
//
// A server is an event loop on a goroutine of its own. Each connection is a task
// of that loop, in which fasthttp reads and answers requests as it would in a
// goroutine: to delay a reply, its handler puts the task to sleep.
package flagserver

import (
	"fmt"
	"net"
	"strings"

	"coloop/examples/flags/atlas"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// A Server is a running server. Its methods may be called on any goroutine.
type Server struct {
	loop  *loop.Loop
	serve *loop.Task[struct{}]
	addr  net.Addr
	ended chan struct{}
}

// Start returns a server that listens at address, such as "127.0.0.1:8000", and
// treats requests according to conduct. With port 0 it takes a free one. It must
// be closed.
func Start(address string, conduct Conduct) (*Server, error) {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: err}
	}
	l, err := loop.New()
	if err != nil {
		return nil, err
	}
	ln, err := loop.RunUntilComplete(l, loop.Func[*netio.Listener](func(y *loop.Yielder) (*netio.Listener, error) {
		return netio.Listen(y, "tcp", a.String())
	}))
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	site := newSite(conduct)
	s := &Server{loop: l, addr: ln.Addr(), ended: make(chan struct{})}
	s.serve = loop.Go(l, func(y *loop.Yielder) (struct{}, error) {
		return struct{}{}, netio.Serve(y, ln, site.serve)
	})
	go func() {
		defer close(s.ended)
		// It ends when Close cancels it.
		_, _ = loop.RunUntilComplete(l, s.serve)
	}()
	return s, nil
}

// Addr returns the address that the server listens at.
func (s *Server) Addr() net.Addr { return s.addr }

// URL returns what the paths of flags and metadata are appended to.
func (s *Server) URL() string { return fmt.Sprintf("http://%v/flags", s.addr) }

// Close ends the server and its connections, and waits for that.
func (s *Server) Close() error {
	// Refused by a loop that Close has closed before.
	_ = s.loop.CallSoonThreadsafe(func() { s.serve.Cancel() })
	<-s.ended
	return s.loop.Close()
}

// A site is what a server's connections have in common.
type site struct {
	conduct  Conduct
	http     fasthttp.Server
	pictures map[string][]byte // drawn so far
}

func newSite(conduct Conduct) *site {
	s := &site{conduct: conduct, pictures: make(map[string][]byte)}
	s.http = fasthttp.Server{
		Handler:      s.handle,
		ErrorHandler: func(ctx *fasthttp.RequestCtx, _ error) { refuse(ctx, fasthttp.StatusBadRequest) },
		Name:         "coloop",
		// The Date header takes a goroutine that keeps the time.
		NoDefaultDate: true,
	}
	return s
}

// conn is how handle, which knows its connection only, gets at the task.
type conn struct {
	*netio.Conn
	y   *loop.Yielder
	err error // what interrupted the handler
}

func (s *site) serve(y *loop.Yielder, c *netio.Conn) error {
	// fasthttp would answer a cancellation that comes before the first request
	// as it does a request that it cannot read.
	if err := c.WaitRead(); err != nil {
		return err
	}
	hc := &conn{Conn: c, y: y}
	// A client that goes away, or does not speak HTTP, is no error of ours.
	_ = s.http.ServeConn(hc)
	return hc.err
}

func (s *site) handle(ctx *fasthttp.RequestCtx) {
	c := ctx.Conn().(*conn)
	if c.err = s.answer(c.y, ctx); c.err != nil {
		_ = c.Close()
	}
}

// answer makes the reply. Its error is a cancellation.
func (s *site) answer(y *loop.Yielder, ctx *fasthttp.RequestCtx) error {
	if !ctx.IsGet() && !ctx.IsHead() {
		refuse(ctx, fasthttp.StatusMethodNotAllowed)
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
		return nil
	}
	delay, status := s.conduct()
	if delay > 0 {
		if err := loop.Sleep(y, delay); err != nil {
			return err
		}
	}
	if status != fasthttp.StatusOK {
		refuse(ctx, status)
		return nil
	}
	cc, file := parse(string(ctx.Path()))
	switch file {
	case cc + ".gif":
		picture, err := s.picture(y, cc)
		if err != nil {
			return err
		}
		ctx.Success("image/gif", picture)
	case "metadata.json":
		metadata, _ := atlas.Metadata(cc)
		ctx.Success("application/json", metadata)
	default:
		refuse(ctx, fasthttp.StatusNotFound)
	}
	return nil
}

// parse takes /flags/CC/FILE apart, where CC is the lower-case code of a
// country; of another path it returns nothing.
func parse(path string) (cc, file string) {
	rest, ok := strings.CutPrefix(path, "/flags/")
	if !ok {
		return "", ""
	}
	cc, file, _ = strings.Cut(rest, "/")
	if _, ok := atlas.Name(cc); !ok || cc != strings.ToLower(cc) {
		return "", ""
	}
	return cc, file
}

// picture draws a flag, on the executor: that takes milliseconds, in which the
// loop has other connections to see to.
func (s *site) picture(y *loop.Yielder, cc string) ([]byte, error) {
	if p, ok := s.pictures[cc]; ok {
		return p, nil
	}
	p, err := loop.RunInExecutor(loop.Running(y), nil, func() ([]byte, error) {
		p, _ := atlas.GIF(cc)
		return p, nil
	}).Await(y)
	if err == nil {
		s.pictures[cc] = p
	}
	return p, err
}

func refuse(ctx *fasthttp.RequestCtx, status int) {
	// Not ctx.Error, nor the server's own handler of errors, which calls it:
	// that asks for the Date header again.
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(fasthttp.StatusMessage(status) + "\n")
}
