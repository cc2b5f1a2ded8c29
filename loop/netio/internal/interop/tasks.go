package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/go-sql-driver/mysql"
	"github.com/gomodule/redigo/redis"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/lib/pq"
	"github.com/valyala/fasthttp"
)

// Libraries that read and write where they are called.

func tryPgx(e *env) error {
	config, err := pgx.ParseConfig("postgres://postgres@" + e.address + "/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	config.DialFunc = e.dial.DialContext
	connect := func(y *loop.Yielder) (*pgx.Conn, error) { return pgx.ConnectConfig(y.Context(), config) }
	err = e.together(4, func(y *loop.Yielder, i int) error {
		c, err := connect(y)
		if err != nil {
			return err
		}
		defer c.Close(y.Context())
		var n int
		if err := c.QueryRow(y.Context(), "select $1::int + 1 from pg_sleep(0.1)", i).Scan(&n); err != nil {
			return err
		}
		return want("a query", n, i+1)
	})
	if err != nil {
		return err
	}
	c, err := connect(e.y)
	if err != nil {
		return err
	}
	defer c.Close(e.y.Context())
	ctx, cancel := context.WithTimeout(e.y.Context(), 300*time.Millisecond)
	defer cancel()
	before := e.l.Time()
	_, err = c.Exec(ctx, "select pg_sleep(1.5)")
	if !errors.Is(err, context.DeadlineExceeded) || e.l.Time()-before > slow/2 {
		return fmt.Errorf("a time-out of 0.3 s: after %v %w", e.l.Time()-before, orNil(err))
	}
	return e.cancelled(func(y *loop.Yielder) error {
		c, err := connect(y)
		if err != nil {
			return err
		}
		defer c.Close(context.WithoutCancel(y.Context()))
		_, err = c.Exec(y.Context(), "select pg_sleep(1.5)")
		return err
	})
}

func tryLibPq(e *env) error {
	cfg, err := pq.NewConfig("postgres://postgres@" + e.address + "/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return err
	}
	connector.Dialer(pqDialer{&e.dial})
	return e.together(4, func(y *loop.Yielder, i int) error {
		db := sql.OpenDB(connector)
		defer db.Close()
		var n int
		if err := db.QueryRow("select $1::int + 1 from pg_sleep(0.1)", i).Scan(&n); err != nil {
			return err
		}
		return want("a query", n, i+1)
	})
}

// pqDialer is a pq.Dialer.
type pqDialer struct{ *netio.Dialer }

func (d pqDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func tryRedigo(e *env) error {
	pool := &redis.Pool{MaxIdle: 4, DialContext: func(ctx context.Context) (redis.Conn, error) {
		_, port, _ := net.SplitHostPort(e.address)
		return redis.DialContext(ctx, "tcp", "localhost:"+port, redis.DialContextFunc(e.dial.DialContext))
	}}
	defer pool.Close()
	err := e.together(8, func(y *loop.Yielder, i int) error {
		c, err := pool.GetContext(y.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		key := fmt.Sprint("redigo", i)
		if _, err := c.Do("SET", key, i); err != nil {
			return err
		}
		n, err := redis.Int(c.Do("GET", key))
		if err != nil {
			return err
		}
		return want("GET", n, i)
	})
	if err != nil {
		return err
	}
	return e.cancelled(func(y *loop.Yielder) error {
		c, err := pool.GetContext(y.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Do("BLPOP", "nothing", "1.5")
		return err
	})
}

func mysqlConfig(e *env) *mysql.Config {
	mysql.RegisterDialContext("loop", func(ctx context.Context, address string) (net.Conn, error) {
		return e.dial.DialContext(ctx, "tcp", address)
	})
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = "root", "loop", e.address
	return config
}

func tryMySQL(e *env) error {
	connector, err := mysql.NewConnector(mysqlConfig(e))
	if err != nil {
		return err
	}
	err = e.together(4, func(y *loop.Yielder, i int) error {
		db := sql.OpenDB(connector)
		defer db.Close()
		db.SetMaxIdleConns(1)
		var n, id int
		if err := db.QueryRow("select ? + 1, connection_id() from (select sleep(0.1)) s", i).Scan(&n, &id); err != nil {
			return err
		}
		if err := want("a query", n, i+1); err != nil {
			return err
		}
		// The driver finds out that an idle connection is dead by way of SyscallConn.
		killer := sql.OpenDB(connector)
		defer killer.Close()
		if _, err := killer.Exec(fmt.Sprint("kill ", id)); err != nil {
			return err
		}
		if err := loop.Sleep(y, 100*time.Millisecond); err != nil {
			return err
		}
		if err := db.QueryRow("select 7").Scan(&n); err != nil {
			return fmt.Errorf("after the connection was killed: %w", err)
		}
		return want("a query", n, 7)
	})
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return e.cancelled(func(y *loop.Yielder) error {
		c, err := connector.Connect(y.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = db.ExecContext(y.Context(), "select sleep(1.5)")
		return err
	})
}

func tryMemcache(e *env) error {
	c := memcache.New(e.address)
	c.DialContext = e.dial.DialContext
	defer c.Close()
	return e.together(4, func(y *loop.Yielder, i int) error {
		key := fmt.Sprint("gomemcache", i)
		if err := c.Set(&memcache.Item{Key: key, Value: []byte(key)}); err != nil {
			return err
		}
		item, err := c.Get(key)
		if err != nil {
			return err
		}
		return want("Get", string(item.Value), key)
	})
}

func tryTextproto(e *env) error {
	return e.together(4, func(y *loop.Yielder, i int) error {
		c, err := netio.Dial(y, "tcp", e.address)
		if err != nil {
			return err
		}
		t := textproto.NewConn(c)
		defer t.Close()
		key := fmt.Sprint("textproto", i)
		if err := t.PrintfLine("set %s 0 0 5\r\nhello", key); err != nil {
			return err
		}
		line, err := t.ReadLine()
		if err != nil {
			return err
		}
		return want("set", line, "STORED")
	})
}

func tryMessages(e *env) error {
	return e.together(4, func(y *loop.Yielder, i int) error {
		c, err := netio.Dial(y, "tcp", e.address)
		if err != nil {
			return err
		}
		defer c.Close()
		req, err := http.NewRequest("GET", "http://"+e.address+"/", nil)
		if err != nil {
			return err
		}
		if err := req.Write(c); err != nil {
			return err
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(string(body), "hello") {
			return fmt.Errorf("the body is %q", body)
		}
		return nil
	})
}

// tryWebsocket has a server and a client of gorilla's, each with a task that reads and one that
// writes. The connections are Streams, whose writes never park, because a reader of gorilla's
// answers pings, and waits for a writer with a lock.
func tryWebsocket(e *env) error {
	ln, err := netio.Listen(e.y, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := loop.Spawn(e.y, func(y *loop.Yielder) error {
		return netio.Serve(y, ln, func(y *loop.Yielder, c *netio.Conn) error {
			s := netio.NewStream(y, c)
			r := bufio.NewReader(s)
			req, err := http.ReadRequest(r)
			if err != nil {
				return err
			}
			ws, err := new(websocket.Upgrader).Upgrade(&hijacker{s, r}, req, nil)
			if err != nil {
				return err
			}
			for {
				kind, msg, err := ws.ReadMessage()
				if err != nil {
					return nil
				}
				if err := ws.WriteMessage(kind, msg); err != nil {
					return err
				}
				if err := s.Drain(y); err != nil {
					return err
				}
			}
		})
	})
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := e.dial.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		y, err := e.l.Current()
		if err != nil {
			return nil, err
		}
		return netio.NewStream(y, c), nil
	}}
	err = e.together(4, func(y *loop.Yielder, i int) error {
		ws, _, err := dialer.DialContext(y.Context(), "ws://"+ln.Addr().String()+"/", nil)
		if err != nil {
			return err
		}
		defer ws.Close()
		writer := loop.Spawn(y, func(y *loop.Yielder) error {
			for n := range 100 {
				if err := ws.WriteMessage(websocket.TextMessage, []byte(fmt.Sprint(i, n))); err != nil {
					return err
				}
				if err := ws.NetConn().(*netio.Stream).Drain(y); err != nil {
					return err
				}
			}
			return nil
		})
		for n := range 100 {
			_, msg, err := ws.ReadMessage()
			if err != nil {
				return err
			}
			if err := want("a message", string(msg), fmt.Sprint(i, n)); err != nil {
				return err
			}
		}
		_, err = writer.Await(y)
		return err
	})
	_ = ln.Close()
	_, e2 := server.Await(e.y)
	return errors.Join(err, e2)
}

// hijacker is a http.ResponseWriter of a connection that can only be hijacked.
type hijacker struct {
	c net.Conn
	r *bufio.Reader
}

func (h *hijacker) Header() http.Header         { return http.Header{} }
func (h *hijacker) Write(b []byte) (int, error) { return h.c.Write(b) }
func (h *hijacker) WriteHeader(int)             {}
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.c, bufio.NewReadWriter(h.r, bufio.NewWriter(h.c)), nil
}

// tryTLS has crypto/tls on both ends, and a task that reads and one that writes on each
// connection: those are netio's own TLS connections.
func tryTLS(e *env) error {
	config, err := testTLS()
	if err != nil {
		return err
	}
	ln, err := netio.ListenTLS(e.y, "tcp", "127.0.0.1:0", config)
	if err != nil {
		return err
	}
	server := loop.Spawn(e.y, func(y *loop.Yielder) error {
		for {
			c, err := ln.Accept()
			if err != nil {
				return nil
			}
			loop.Spawn(y, func(y *loop.Yielder) error {
				defer c.Close()
				_, err := io.Copy(c, c)
				return err
			})
		}
	})
	err = e.together(4, func(y *loop.Yielder, i int) error {
		c, err := netio.DialTLS(y, "tcp", ln.Addr().String(), &tls.Config{RootCAs: config.RootCAs, ServerName: "test"})
		if err != nil {
			return err
		}
		defer c.Close()
		data := slices.Repeat([]byte{byte(i)}, 1<<20)
		writer := loop.Spawn(y, func(*loop.Yielder) error { _, err := c.Write(data); return err })
		got := make([]byte, len(data))
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		if !slices.Equal(got, data) {
			return errors.New("the data that came back is another")
		}
		_, err = writer.Await(y)
		return err
	})
	_ = ln.Close()
	_, e2 := server.Await(e.y)
	return errors.Join(err, e2)
}

// tryFasthttp has fasthttp's server in a task for each connection, and its client's code.
func tryFasthttp(e *env) error {
	ln, err := netio.Listen(e.y, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { _, _ = ctx.WriteString("hello " + string(ctx.Path())) }}
	server := loop.Spawn(e.y, func(y *loop.Yielder) error {
		return netio.Serve(y, ln, func(_ *loop.Yielder, c *netio.Conn) error { return s.ServeConn(c) })
	})
	err = e.together(4, func(y *loop.Yielder, i int) error {
		client := &fasthttp.HostClient{Addr: ln.Addr().String(), Dial: func(address string) (net.Conn, error) {
			return e.dial.Dial("tcp", address)
		}}
		defer client.CloseIdleConnections()
		_, body, err := client.Get(nil, fmt.Sprintf("http://%s/%d", ln.Addr(), i))
		if err != nil {
			return err
		}
		return want("the body", string(body), fmt.Sprintf("hello /%d", i))
	})
	_ = ln.Close()
	_, e2 := server.Await(e.y)
	return errors.Join(err, e2)
}
