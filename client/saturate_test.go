package client_test

import (
	"fmt"
	"math"
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
