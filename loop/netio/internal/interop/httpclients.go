package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"coloop/client"
	"coloop/loop"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Libraries that want an http.Client get one that makes its requests by the client of this module.

// overClient runs fn with an http.Client over a client, and closes that.
func (e *env) overClient(fn func(h *http.Client) error) error {
	c := &client.Client{}
	err := fn(&http.Client{Transport: &client.HTTPTransport{Client: c, Loop: e.l}})
	return errors.Join(err, c.Close())
}

// site is a server of the test's own, on goroutines. It wants a token for /secret, and hangs at /slow.
func site() *httptest.Server {
	mux := http.NewServeMux()
	var tokens, failures atomic.Int32
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "me" || secret != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("token%d", tokens.Add(1)), "token_type": "Bearer", "expires_in": 3600})
	})
	mux.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Authorization")) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		if failures.Add(1)%3 != 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return httptest.NewServer(mux)
}

// text reads the body of a response.
func text(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// tryOAuth2 has a token asked for before the first request. A lock is held meanwhile, and so several tasks ask by
// Block.
func tryOAuth2(e *env) error {
	srv := site()
	defer srv.Close()
	return e.overClient(func(h *http.Client) error {
		config := clientcredentials.Config{ClientID: "me", ClientSecret: "s3cret", TokenURL: srv.URL + "/token"}
		ctx := context.WithValue(context.Background(), oauth2.HTTPClient, h)
		mine := config.Client(ctx)
		for range 2 {
			got, err := text(mine.Get(srv.URL + "/secret"))
			if err := errors.Join(err, want("in a task", got, "Bearer token1")); err != nil {
				return err
			}
		}
		shared := config.Client(ctx)
		return e.together(20, func(y *loop.Yielder, _ int) error {
			return block(y, func(context.Context) error {
				got, err := text(shared.Get(srv.URL + "/secret"))
				return errors.Join(err, want("by Block", got, "Bearer token2"))
			})
		})
	})
}

// tryRetryable has requests repeated. It waits in between, and so does that by Block.
func tryRetryable(e *env) error {
	srv := site()
	defer srv.Close()
	return e.overClient(func(h *http.Client) error {
		r := retryablehttp.NewClient()
		r.HTTPClient, r.Logger = h, log.New(io.Discard, "", 0)
		r.RetryWaitMin, r.RetryWaitMax = time.Millisecond, 10*time.Millisecond
		got, err := text(r.Post(srv.URL+"/moved", "text/plain", strings.NewReader("hello")))
		if err := errors.Join(err, want("in a task", got, "hello")); err != nil {
			return err
		}
		for range 3 {
			if err := block(e.y, func(context.Context) error {
				got, err := text(r.Post(srv.URL+"/flaky", "text/plain", strings.NewReader("hello")))
				return errors.Join(err, want("by Block", got, "hello"))
			}); err != nil {
				return err
			}
		}
		return e.cancelled(func(y *loop.Yielder) error {
			return block(y, func(ctx context.Context) error {
				req, err := retryablehttp.NewRequestWithContext(ctx, "GET", srv.URL+"/slow", nil)
				if err == nil {
					_, err = text(r.Do(req))
				}
				return err
			})
		})
	})
}

// tryResty makes requests in many tasks, and cancels one.
func tryResty(e *env) error {
	srv := site()
	defer srv.Close()
	return e.overClient(func(h *http.Client) error {
		r := resty.NewWithClient(h).SetBaseURL(srv.URL)
		if err := e.together(50, func(_ *loop.Yielder, i int) error {
			var out struct{ N int }
			resp, err := r.R().SetBody(map[string]int{"N": i}).SetResult(&out).Post("/moved")
			if err != nil {
				return err
			}
			return errors.Join(want("status", resp.StatusCode(), http.StatusOK), want("result", out.N, i))
		}); err != nil {
			return err
		}
		return e.cancelled(func(y *loop.Yielder) error {
			_, err := r.R().SetContext(y.Context()).Get("/slow")
			return err
		})
	})
}
