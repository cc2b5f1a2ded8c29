package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"time"

	"coloop/loop"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	redis9 "github.com/redis/go-redis/v9"
	"golang.org/x/crypto/ssh"
)

// Libraries with goroutines of their own.

func tryGoRedis(e *env) error {
	_, port, _ := net.SplitHostPort(e.address)
	client := redis9.NewClient(&redis9.Options{Addr: "localhost:" + port, Dialer: e.dial.DialContext, MaxRetries: -1})
	err := e.together(8, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			key := fmt.Sprint("go-redis", i)
			if err := client.Set(ctx, key, i, time.Minute).Err(); err != nil {
				return err
			}
			n, err := client.Get(ctx, key).Int()
			if err != nil {
				return err
			}
			return want("Get", n, i)
		})
	})
	if err == nil {
		err = e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error {
				sub := client.Subscribe(ctx, "channel")
				// The library looks at the time-out of a context only, on connections of net too.
				defer context.AfterFunc(ctx, func() { _ = sub.Close() })()
				defer sub.Close()
				_, err := sub.ReceiveMessage(ctx)
				return err
			})
		})
	}
	return errors.Join(err, block(e.y, func(context.Context) error { return client.Close() }))
}

func tryPgxPool(e *env) error {
	config, err := pgxpool.ParseConfig("postgres://postgres@" + e.address + "/postgres?sslmode=disable&pool_max_conns=3")
	if err != nil {
		return err
	}
	config.ConnConfig.DialFunc = e.dial.DialContext
	var pool *pgxpool.Pool
	err = block(e.y, func(ctx context.Context) (err error) {
		pool, err = pgxpool.NewWithConfig(ctx, config)
		return err
	})
	if err != nil {
		return err
	}
	err = e.together(9, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			var n int
			if err := pool.QueryRow(ctx, "select $1::int + 1 from pg_sleep(0.05)", i).Scan(&n); err != nil {
				return err
			}
			return want("a query", n, i+1)
		})
	})
	if err == nil {
		err = e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error { _, err := pool.Exec(ctx, "select pg_sleep(1.5)"); return err })
		})
	}
	return errors.Join(err, block(e.y, func(context.Context) error { pool.Close(); return nil }))
}

// tryDatabaseSQL has one database/sql pool for all tasks, whose connections are opened and
// waited for on goroutines of its own.
func tryDatabaseSQL(e *env) error {
	connector, err := mysql.NewConnector(mysqlConfig(e))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(2)
	err = e.together(8, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			var n int
			if err := db.QueryRowContext(ctx, "select ? + 1 from (select sleep(0.05)) s", i).Scan(&n); err != nil {
				return err
			}
			return want("a query", n, i+1)
		})
	})
	if err == nil {
		err = e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error { _, err := db.ExecContext(ctx, "select sleep(1.5)"); return err })
		})
	}
	return errors.Join(err, block(e.y, func(context.Context) error { return db.Close() }))
}

func tryNats(e *env) error {
	return block(e.y, func(ctx context.Context) error {
		nc, err := nats.Connect("nats://"+e.address, nats.SetCustomDialer(&e.dial))
		if err != nil {
			return err
		}
		defer nc.Close()
		if _, err := nc.Subscribe("echo", func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
			return err
		}
		for i := range 100 {
			reply, err := nc.RequestWithContext(ctx, "echo", []byte(fmt.Sprint(i)))
			if err != nil {
				return err
			}
			if err := want("a reply", string(reply.Data), fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nc.Drain()
	})
}

func tryMQTT(e *env) error {
	return block(e.y, func(ctx context.Context) error {
		o := mqtt.NewClientOptions().AddBroker("tcp://" + e.address).SetClientID("interop")
		o.SetCustomOpenConnectionFn(func(_ *url.URL, _ mqtt.ClientOptions) (net.Conn, error) { return e.dial.Dial("tcp", e.address) })
		c := mqtt.NewClient(o)
		if t := c.Connect(); t.Wait() && t.Error() != nil {
			return t.Error()
		}
		defer c.Disconnect(100)
		got := make(chan string, 100)
		if t := c.Subscribe("topic", 1, func(_ mqtt.Client, m mqtt.Message) { got <- string(m.Payload()) }); t.Wait() && t.Error() != nil {
			return t.Error()
		}
		for i := range 20 {
			if t := c.Publish("topic", 1, false, fmt.Sprint(i)); t.Wait() && t.Error() != nil {
				return t.Error()
			}
			if err := want("a message", <-got, fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func trySSH(e *env) error {
	return block(e.y, func(ctx context.Context) error {
		pem, err := os.ReadFile(e.folder + "/key")
		if err != nil {
			return err
		}
		key, err := ssh.ParsePrivateKey(pem)
		if err != nil {
			return err
		}
		me, err := user.Current()
		if err != nil {
			return err
		}
		nc, err := e.dial.DialContext(ctx, "tcp", e.address)
		if err != nil {
			return err
		}
		conn, chans, reqs, err := ssh.NewClientConn(nc, e.address, &ssh.ClientConfig{
			User: me.Username, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		if err != nil {
			return err
		}
		client := ssh.NewClient(conn, chans, reqs)
		defer client.Close()
		for i := range 4 {
			session, err := client.NewSession()
			if err != nil {
				return err
			}
			out, err := session.Output(fmt.Sprintf("echo %d; head -c 200000 /dev/zero", i))
			if err != nil {
				return err
			}
			if err := want("its output", len(out), 200_002); err != nil {
				return err
			}
		}
		return nil
	})
}

func tryHTTP(e *env) error {
	transport := &http.Transport{DialContext: e.dial.DialContext}
	client := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	return e.together(8, func(y *loop.Yielder, i int) error {
		return block(y, func(ctx context.Context) error {
			req, err := http.NewRequestWithContext(ctx, "GET", "http://"+e.address+"/", nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err == nil && !bytes.HasPrefix(body, []byte("hello")) {
				err = fmt.Errorf("the body is %q", body)
			}
			return err
		})
	})
}
