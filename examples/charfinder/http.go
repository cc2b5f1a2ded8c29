package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
func http(index Index, log io.Writer) handler {
	server := fasthttp.Server{
		Name:        "charfinder",
		IdleTimeout: time.Minute,
		Handler: func(ctx *fasthttp.RequestCtx) {
			switch path := string(ctx.Path()); {
			case !ctx.IsGet() && !ctx.IsHead():
				ctx.Error("only GET and HEAD are answered\n", fasthttp.StatusMethodNotAllowed)
				ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
			case path == "/":
				ctx.Success("text/html; charset=utf-8", page)
			case path == "/search":
				query := string(ctx.QueryArgs().Peek("q"))
				found := search(index, query)
				fmt.Fprintf(log, "%v asks for %q: %d found\n", ctx.RemoteAddr(), query, len(found))
				answer(ctx, found)
			default:
				ctx.Error("there is nothing here; the page is at /\n", fasthttp.StatusNotFound)
			}
		},
	}
	return func(_ *loop.Yielder, c *netio.Conn) error {
		// A browser opens connections that it may never use. fasthttp would
		// answer a cancellation there as it does a request that it cannot read.
		err := c.WaitRead()
		if err == nil {
			err = server.ServeConn(c)
		}
		if errors.Is(err, loop.ErrCancelled) {
			return err
		}
		// Other errors are the client's: it is gone, or does not speak HTTP.
		return nil
	}
}

func search(index Index, query string) []character {
	found := []character{} // not null in JSON
	for _, char := range index.Search(query) {
		found = append(found, character{string(char), fmt.Sprintf("U+%04X", char), runenames.Name(char)})
	}
	return found
}

func answer(ctx *fasthttp.RequestCtx, found []character) {
	body, err := json.Marshal(found)
	if err != nil {
		ctx.Error("encoding the answer: "+err.Error()+"\n", fasthttp.StatusInternalServerError)
		return
	}
	ctx.Success("application/json", body)
}
