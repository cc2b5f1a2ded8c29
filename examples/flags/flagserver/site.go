package flagserver

import (
	"errors"
	"os"
	"strings"
	"time"

	"coloop/examples/flags/atlas"
	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// A site is what a server's connections have in common.
type site struct {
	conduct Conduct
	http    fasthttp.Server
}

func newSite(conduct Conduct) *site {
	s := &site{conduct: conduct}
	s.http = fasthttp.Server{
		Handler:      s.handle,
		ErrorHandler: refuseBad,
		Name:         "coloop",
		// The Date header takes a goroutine that keeps the time.
		NoDefaultDate: true,

		// No request needs a body. Without these two limits fasthttp allocates
		// the Content-Length that a client claims, before a byte of the body
		// has come.
		GetOnly:            true,
		MaxRequestBodySize: 1,

		// A client may take this long to send a request, to send the next one,
		// and to read a reply.
		ReadTimeout:  10 * time.Second,
		IdleTimeout:  time.Minute,
		WriteTimeout: 10 * time.Second,
	}
	return s
}

// conn is how handle, which is given only its connection, gets at the task.
type conn struct {
	*netio.Conn
	y   *loop.Yielder
	err error // what interrupted the handler
}

func (s *site) serve(y *loop.Yielder, c *netio.Conn) error {
	// fasthttp would answer a cancellation that comes before the first request
	// as it does a request that it cannot read.
	if err := c.SetReadDeadline(time.Now().Add(s.http.ReadTimeout)); err != nil {
		return err
	}
	if err := c.WaitRead(); errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	} else if err != nil {
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

// answer makes the reply to a GET or HEAD request. Its error is a cancellation.
func (s *site) answer(y *loop.Yielder, ctx *fasthttp.RequestCtx) error {
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

// picture returns a flag. If it has to be painted first, the executor does it:
// that takes milliseconds, in which the loop has other connections to see to.
func (s *site) picture(y *loop.Yielder, cc string) ([]byte, error) {
	if p, ok := painted.Load(cc); ok {
		return p.([]byte), nil
	}
	return loop.RunInExecutor(loop.Running(y), nil, func() ([]byte, error) {
		return paint(cc), nil
	}).Await(y)
}

// refuseBad replies to a request that fasthttp could not read, or would not.
func refuseBad(ctx *fasthttp.RequestCtx, err error) {
	var tooLarge *fasthttp.ErrSmallBuffer
	status := fasthttp.StatusBadRequest
	switch {
	case errors.Is(err, fasthttp.ErrGetOnly):
		status = fasthttp.StatusMethodNotAllowed
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		status = fasthttp.StatusRequestEntityTooLarge
	case errors.As(err, &tooLarge):
		status = fasthttp.StatusRequestHeaderFieldsTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		status = fasthttp.StatusRequestTimeout
	}
	refuse(ctx, status)
}

func refuse(ctx *fasthttp.RequestCtx, status int) {
	// ctx.Error, which the server's own handler of errors calls, is of no use here: it
	// asks for the Date header again.
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(fasthttp.StatusMessage(status) + "\n")
}
