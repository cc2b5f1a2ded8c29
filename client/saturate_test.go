package client_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/looptest"
)

// TestD2LimitsSaturate has limits that, added to the time, would be before it.
func TestD2LimitsSaturate(t *testing.T) {
	answer := func(v *visit) string { return says(fmt.Sprint("connection ", v.conn)) }
	plain := "http://" + converse(t, answer)
	secure, cfg := converseTLS(t, answer)
	secure = "https://" + secure
	for name, set := range map[string]func(c *client.Client, d time.Duration){
		"Connect":     func(c *client.Client, d time.Duration) { c.Timeouts.Connect = d },
		"TLS":         func(c *client.Client, d time.Duration) { c.Timeouts.TLS = d },
		"FirstByte":   func(c *client.Client, d time.Duration) { c.Timeouts.FirstByte = d },
		"Silence":     func(c *client.Client, d time.Duration) { c.Timeouts.Silence = d },
		"Total":       func(c *client.Client, d time.Duration) { c.Timeouts.Total = d },
		"IdleTimeout": func(c *client.Client, d time.Duration) { c.IdleTimeout = d },
		"all": func(c *client.Client, d time.Duration) {
			c.Timeouts = client.Timeouts{Connect: d, TLS: d, FirstByte: d, Silence: d, Total: d}
			c.IdleTimeout = d
		},
	} {
		for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - time.Hour} {
			for _, url := range []string{plain, secure} {
				for _, own := range []bool{false, true} {
					t.Run(fmt.Sprint(name, d, url[:5], own), func(t *testing.T) {
						c := &client.Client{TLSConfig: cfg}
						set(c, d)
						r := &client.Request{Method: "PUT", URL: url, Body: make([]byte, 20<<10)}
						if own {
							limits := c.Timeouts
							r.Timeouts, c.Timeouts = &limits, client.Timeouts{}
						}
						run(t, c, func(y *loop.Yielder, _ *wire) {
							looptest.Advance(y, 2*time.Hour)
							var bodies [2]string
							for i := range bodies {
								resp, err := c.Do(y, r)
								if err != nil {
									t.Fatal(err)
								}
								bodies[i] = string(resp.Body)
								turn(t, y)
							}
							if bodies[0] != bodies[1] {
								t.Errorf("the connection was not kept: %q", bodies)
							}
						})
					})
				}
			}
		}
	}
}

// TestD2OtherLimitsHold has one limit that is not so long: it holds, whatever the others add up to.
func TestD2OtherLimitsHold(t *testing.T) {
	addr := serve(t, silent)
	for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - time.Hour} {
		huge := client.Timeouts{Connect: d, TLS: d, FirstByte: d, Silence: d, Total: d}
		for _, tt := range []struct {
			url   string
			set   func(limits *client.Timeouts)
			phase client.Phase
		}{
			{"http://" + addr, func(l *client.Timeouts) { l.FirstByte = 10 * time.Second }, client.PhaseFirstByte},
			{"http://" + addr, func(l *client.Timeouts) { l.Total = 10 * time.Second }, client.PhaseFirstByte},
			{"https://" + addr, func(l *client.Timeouts) { l.TLS = 10 * time.Second }, client.PhaseTLS},
			{"https://" + addr, func(l *client.Timeouts) { l.Total = 10 * time.Second }, client.PhaseTLS},
		} {
			limits := huge
			tt.set(&limits)
			c := &client.Client{Timeouts: limits, IdleTimeout: d}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				looptest.Advance(y, 2*time.Hour)
				turn(t, y)
				task := loop.Spawn(y, func(y *loop.Yielder) error { return get(y, c, tt.url) })
				for !strings.Contains(task.String(), "Conn.Read") && !strings.Contains(task.String(), "TLS") && !task.Done() {
					turn(t, y)
				}
				looptest.Advance(y, 10*time.Second)
				_, err := task.Await(y)
				checkError(t, err, "GET", tt.url, tt.phase, os.ErrDeadlineExceeded, "timeout")
			})
		}
	}
}
