package clienttest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
)

// virtually runs fn in a task on a virtual clock.
func virtually(fn func(y *loop.Yielder) error) {
	l, _ := loop.NewVirtual()
	r := loop.NewRunner(l)
	defer r.Close()
	_, err := loop.RunIn(r, func(y *loop.Yielder) (struct{}, error) { return struct{}{}, fn(y) })
	if err != nil {
		fmt.Println(err)
	}
}

func ExampleMock() {
	m := &clienttest.Mock{}
	m.On("GET api.test/users/{id}", clienttest.JSON(200, map[string]string{"name": "Ann"}))
	m.On("POST api.test/users", clienttest.Status(201).Header("Location", "/users/7"))
	virtually(func(y *loop.Yielder) error {
		c := &client.Client{Sender: m}
		resp, err := c.Get(y, "https://api.test/users/7")
		if err != nil {
			return err
		}
		fmt.Println(resp.Status, string(resp.Body))
		resp, err = c.Post(y, "https://api.test/users", "application/json", []byte(`{"name": "Bob"}`))
		if err != nil {
			return err
		}
		fmt.Println(resp.Status, resp.Header("Location"))
		_, err = c.Get(y, "https://api.test/groups")
		fmt.Println(err)
		return nil
	})
	for _, call := range m.Calls() {
		fmt.Printf("%v %q\n", call, call.Body)
	}
	// Output:
	// 200 {"name":"Ann"}
	// 201 /users/7
	// GET https://api.test/groups: request: unexpected request: expected is GET api.test/users/{id} or POST api.test/users
	// GET https://api.test/users/7 ""
	// POST https://api.test/users "{\"name\": \"Bob\"}"
	// GET https://api.test/groups ""
}

// A server that is down at first, and slow.
func ExampleMock_On() {
	m := &clienttest.Mock{}
	m.On("GET /flag", clienttest.Fail(client.PhaseConnect, syscall.ECONNREFUSED), clienttest.Status(503),
		clienttest.Delay(time.Minute, clienttest.Text(200, "here it is")))
	virtually(func(y *loop.Yielder) error {
		c := &client.Client{Sender: m}
		for range 3 {
			if resp, err := c.Get(y, "http://flags.test/flag"); err != nil {
				fmt.Println(err)
			} else {
				fmt.Println(resp.Status, string(resp.Body), "at", loop.Running(y).Time())
			}
		}
		return nil
	})
	// Output:
	// GET http://flags.test/flag: connect: connection refused
	// 503  at 0s
	// 200 here it is at 1m0s
}

// A reply that is made of the request.
func ExampleFunc() {
	m := &clienttest.Mock{}
	m.On("PUT /{name}", clienttest.Func(func(_ *loop.Yielder, call *clienttest.Call) (*client.Response, error) {
		body := strings.ToUpper(call.PathValue("name") + "=" + string(call.Body))
		return client.NewResponse(200, nil, []byte(body)), nil
	}))
	virtually(func(y *loop.Yielder) error {
		c := &client.Client{Sender: m}
		resp, err := c.Do(y, &client.Request{Method: "PUT", URL: "http://h/x", Body: []byte("y")})
		if err == nil {
			fmt.Println(string(resp.Body))
		}
		return err
	})
	// Output: X=Y
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.PathValue("name"))
	})
	virtually(func(y *loop.Yielder) error {
		c := &client.Client{Sender: clienttest.Handler(mux)}
		resp, err := c.Get(y, "http://any.test/hello/world")
		if err == nil {
			fmt.Println(string(resp.Body))
		}
		return err
	})
	// Output: hello world
}

// A test records its exchanges once, say with a flag, and replays them from then on.
func ExampleRecorder() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "flags.jsonl")
	network := clienttest.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "GIF") })) // or a client
	virtually(func(y *loop.Yielder) error {
		rec := clienttest.NewRecorder(file, network)
		rec.Plain = true
		c := &client.Client{Sender: rec}
		if _, err := c.Get(y, "http://me:secret@flags.test/br.gif"); err != nil {
			return err
		}
		return rec.Close(y)
	})
	text, _ := os.ReadFile(file)
	fmt.Print(string(text))
	virtually(func(y *loop.Yielder) error {
		replay, err := clienttest.OpenReplay(y, file)
		if err != nil {
			return err
		}
		c := &client.Client{Sender: replay}
		resp, err := c.Get(y, "http://flags.test/br.gif")
		if err == nil {
			fmt.Println(string(resp.Body))
		}
		return err
	})
	// Output:
	// {"request":{"method":"GET","url":"http://me:xxxxx@flags.test/br.gif","header":{"Authorization":["Basic REDACTED"],"Host":["flags.test"],"User-Agent":["coloop"]}},"response":{"status":200,"header":{"Content-Length":["3"],"Content-Type":["text/plain; charset=utf-8"]},"body":"GIF"}}
	// GIF
}
