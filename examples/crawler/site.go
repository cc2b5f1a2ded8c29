package main

import (
	"fmt"
	"strings"
	"time"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/valyala/fasthttp"
)

// site is a little site, by path: the paths that each page has links to.
var site = map[string]string{
	"/":            "/animals/ /plants/ /about",
	"/about":       "/ /contact",
	"/animals/":    "/ /animals/cat /animals/dog /animals/owl",
	"/animals/cat": "/animals/ dog#tail ../plants",
	"/animals/dog": "/animals/ /animals/cat /animals/unicorn",
	"/animals/owl": "/animals/ /plants/oak",
	"/plants/":     "/ oak rose",
	"/plants/oak":  "/plants/ /animals/owl",
	"/plants/rose": "/plants/ https://example.com/",
}

// serveSite serves the site.
func serveSite(y *loop.Yielder, ln *netio.Listener) error {
	server := fasthttp.Server{GetOnly: true, MaxRequestBodySize: 1, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, WriteTimeout: 10 * time.Second}
	server.Handler = func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/plants" {
			ctx.Redirect("/plants/", fasthttp.StatusMovedPermanently)
			return
		}
		links, ok := site[string(ctx.Path())]
		if !ok {
			ctx.Error("There is no such page.", fasthttp.StatusNotFound)
			return
		}
		ctx.SetContentType("text/html; charset=utf-8")
		for _, link := range strings.Fields(links) {
			fmt.Fprintf(ctx, "<p><a href=%q>%[1]s</a>\n", link)
		}
	}
	return netio.Serve(y, ln, func(_ *loop.Yielder, c *netio.Conn) error { return server.ServeConn(c) })
}
