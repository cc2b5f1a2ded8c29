package client_test

import (
	"slices"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// manyHosts is enough of them for the order of a map's keys not to be right by chance.
const manyHosts = 9

func hosts(t *testing.T) (urls []string) {
	for range manyHosts {
		urls = append(urls, serveHTTP(t, func(*fasthttp.RequestCtx) {}))
	}
	return urls
}

// TestOldestIdleOfManyHosts: of idle connections to several hosts, which all became idle
// at one time of the clock, the first makes room for another, or goes first when their
// time is up or the client is closed.
func TestOldestIdleOfManyHosts(t *testing.T) {
	urls, others := hosts(t), hosts(t)
	for name, end := range map[string]func(t *testing.T, y *loop.Yielder, c *client.Client, w *wire){
		"expiry": func(t *testing.T, y *loop.Yielder, c *client.Client, w *wire) {
			w.Advance(time.Hour)
			for w.open > 0 {
				turn(t, y)
			}
		},
		"room": func(t *testing.T, y *loop.Yielder, c *client.Client, w *wire) {
			for _, url := range others {
				if err := get(y, c, url); err != nil {
					t.Error(err)
				}
			}
		},
		"close": func(t *testing.T, y *loop.Yielder, c *client.Client, w *wire) {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &client.Client{MaxConns: manyHosts, IdleTimeout: time.Hour}
			run(t, c, func(y *loop.Yielder, w *wire) {
				for _, url := range urls {
					if err := get(y, c, url); err != nil {
						t.Error(err)
					}
				}
				// The third is used again, and is the newest then.
				if err := get(y, c, urls[2]); err != nil {
					t.Error(err)
				}
				a := w.added
				want := slices.Concat(a[:2], a[3:], a[2:3])
				end(t, y, c, w)
				if !slices.Equal(w.removed, want) {
					t.Errorf("closed in the order %v, want %v", w.removed, want)
				}
			})
		})
	}
}

// TestCloseWakesInOrder has requests to several hosts wait when the client is closed.
func TestCloseWakesInOrder(t *testing.T) {
	busyURL := "http://" + serve(t, silent)
	urls := hosts(t)
	c := &client.Client{MaxConns: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		busy := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, busyURL) })
		parked(t, y, busy, "Conn.Read")
		var tasks []*loop.Task[struct{}]
		var order, want []int
		for i := range 2 * manyHosts {
			want = append(want, i)
			task := loop.Spawn(y, func(y *loop.Yielder) error {
				err := get(y, c, urls[i%manyHosts])
				order = append(order, i)
				return err
			})
			parked(t, y, task, "Client pool")
			tasks = append(tasks, task)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		busy.Cancel()
		for i, task := range tasks {
			_, err := task.Await(y)
			checkError(t, err, "GET", urls[i%manyHosts], client.PhasePool, client.ErrClosed, "closed")
		}
		if _, err := busy.Await(y); !loop.IsCancelled(err) {
			t.Error(err)
		}
		if !slices.Equal(order, want) {
			t.Errorf("woken in the order %v", order)
		}
	})
}
