// Command crawler follows the links of a little site, which it serves itself, with
// a few workers that share a queue.
//
//	go run ./examples/crawler
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"

	"coloop/client"
	"coloop/examples/internal/cli"
	"coloop/loop"
	"coloop/loop/netio"
)

// A crawler visits each page once. Its queue has no limit, because the workers put
// as well as take: with a limit, all of them might wait for room.
type crawler struct {
	w       io.Writer
	host    string
	session client.Client
	queue   loop.Queue[string] // of URLs
	seen    map[string]bool
}

// crawl visits what can be reached on the host, with some workers. The first error
// ends them all, because they are a group.
func (c *crawler) crawl(y *loop.Yielder, workers int) error {
	defer c.session.Close()
	c.add(&url.URL{Scheme: "http", Host: c.host, Path: "/"})
	var group loop.TaskGroup
	return group.Run(y, func() error {
		for i := range workers {
			group.Go(func(y *loop.Yielder) error { return c.work(y, i+1) })
		}
		err := c.queue.Join(y) // until each page that was put has been done
		c.queue.Shutdown(false)
		return err
	})
}

func (c *crawler) add(link *url.URL) {
	link.Fragment = ""
	if u := link.String(); link.Host == c.host && !c.seen[u] {
		c.seen[u] = true
		_ = c.queue.PutNowait(u) // never full, and open until all is done
	}
}

// work visits pages until there are no more.
func (c *crawler) work(y *loop.Yielder, worker int) error {
	for u, err := range c.queue.All(y) {
		if err == nil {
			err = c.visit(y, worker, u)
		}
		if err != nil {
			return err
		}
		c.queue.TaskDone()
	}
	return nil
}

var href = regexp.MustCompile(`href="([^"]*)"`)

// visit gets a page and adds its links to the queue.
func (c *crawler) visit(y *loop.Yielder, worker int, u string) error {
	page, err := c.session.Get(y, u)
	if err != nil {
		return err
	}
	defer page.Release()
	base, err := url.Parse(page.URL) // after redirects
	if err != nil {
		return err
	}
	for _, match := range href.FindAllSubmatch(page.Body, -1) {
		if link, err := base.Parse(string(match[1])); err == nil {
			c.add(link)
		}
	}
	fmt.Fprintf(c.w, "%6d  %6d  %5d  %s\n", worker, page.Status, c.queue.Len(), u)
	return nil
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("crawler", "usage: crawler [OPTION]...\n\nFollow the links of a little site.\n\nOPTIONS\n")
	workers := c.IntP("workers", "w", 3, "make at most `N` requests at a time")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		if *workers < 1 {
			return cli.Usagef("%d workers get nothing done", *workers)
		}
		return loop.Main(func(y *loop.Yielder) error {
			ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			loop.Spawn(y, func(y *loop.Yielder) error { return serveSite(y, ln) })
			fmt.Fprintln(out, "worker  status  queue  page")
			crawler := crawler{w: out, host: ln.Addr().String(), seen: make(map[string]bool)}
			return crawler.crawl(y, *workers)
		})
	})
}
