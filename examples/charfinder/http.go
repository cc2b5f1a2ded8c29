package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
	"golang.org/x/text/unicode/runenames"
)

//go:embed page.html
var page []byte

// A character is one that was found, as the page gets it.
type character struct {
	Char string `json:"char"`
	Code string `json:"code"`
	Name string `json:"name"`
}

// http returns what serves the page, and the searches it makes, on one connection,
// in a task of its own. fasthttp reads and writes as it would in a goroutine; a
// connection of a loop parks the task in the meantime.
func http(index Index, log io.Writer, limits limits) handler {
	server := fasthttp.Server{
		Name:         "charfinder",
		IdleTimeout:  limits.idle,
		ReadTimeout:  limits.request,
		WriteTimeout: limits.idle,
		// The memory for a body is taken when its length is announced, so nothing
		// that has one is accepted.
		GetOnly:                      true,
		MaxRequestBodySize:           1,
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               8 << 10, // which limits the header too
		ErrorHandler:                 refuse,
		Handler: func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Path()) {
			case "/":
				ctx.Success("text/html; charset=utf-8", page)
			case "/search":
				answer(ctx, index, log)
			default:
				ctx.Error("there is nothing here; the page is at /\n", fasthttp.StatusNotFound)
			}
		},
	}
	return func(y *loop.Yielder, c *netio.Conn) error {
		// A browser opens connections that it may never use. fasthttp would
		// answer a cancellation there as it does a request that it cannot read.
		err := c.SetReadDeadline(time.Now().Add(limits.idle))
		if err == nil {
			err = c.WaitRead()
		}
		if err == nil {
			err = server.ServeConn(taskConn{c, y})
		}
		if errors.Is(err, loop.ErrCancelled) {
			return err
		}
		// Other errors are the client's: it is gone, idle, or does not speak HTTP.
		return nil
	}
}

// A taskConn is how a handler of fasthttp's gets to the task it runs in.
type taskConn struct {
	*netio.Conn
	y *loop.Yielder
}

// refuse answers a request that cannot be read.
func refuse(ctx *fasthttp.RequestCtx, err error) {
	var header *fasthttp.ErrSmallBuffer
	switch {
	case errors.Is(err, fasthttp.ErrGetOnly):
		ctx.Error("only GET and HEAD are answered\n", fasthttp.StatusMethodNotAllowed)
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		ctx.Error("a request has no body here\n", fasthttp.StatusRequestEntityTooLarge)
	case errors.As(err, &header):
		ctx.Error("the header is too large\n", fasthttp.StatusRequestHeaderFieldsTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		ctx.Error("the request took too long to come\n", fasthttp.StatusRequestTimeout)
	default:
		ctx.Error("this is no request of HTTP\n", fasthttp.StatusBadRequest)
	}
}

// answer searches, and writes what was found as JSON.
func answer(ctx *fasthttp.RequestCtx, index Index, log io.Writer) {
	query := string(ctx.QueryArgs().Peek("q"))
	if len(query) > maxQuery {
		ctx.Error(errTooLong.Error()+"\n", fasthttp.StatusBadRequest)
		return
	}
	found := index.Search(query)
	fmt.Fprintf(log, "%v asks for %q: %d found\n", ctx.RemoteAddr(), query, len(found))
	chars, err := describe(ctx.Conn().(taskConn).y, found)
	if err != nil {
		ctx.Error("the server shuts down\n", fasthttp.StatusServiceUnavailable)
		ctx.SetConnectionClose()
		return
	}
	body, err := json.Marshal(chars)
	if err != nil {
		ctx.Error("encoding the answer: "+err.Error()+"\n", fasthttp.StatusInternalServerError)
		return
	}
	ctx.Success("application/json", body)
}

func describe(y *loop.Yielder, found []rune) ([]character, error) {
	chars := []character{} // not null in JSON
	for i, char := range found {
		chars = append(chars, character{string(char), fmt.Sprintf("U+%04X", char), runenames.Name(char)})
		if err := giveWay(y, i); err != nil {
			return nil, err
		}
	}
	return chars, nil
}
