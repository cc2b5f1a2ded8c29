package client_test

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// A library that takes an http.Client makes its requests in the task that calls it.
func ExampleHTTPTransport() {
	url, stop := hello()
	defer stop()
	err := loop.Main(func(y *loop.Yielder) error {
		c := &client.Client{}
		defer c.Close()
		h := &http.Client{Transport: &client.HTTPTransport{Client: c}}
		resp, err := h.Get(url + "/world")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		fmt.Println(resp.Status, string(body))
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 200 OK hello world
}

// A counter is a Sender between a client and the network.
type counter struct {
	client.Sender
	exchanges int
}

func (c *counter) Send(y *loop.Yielder, r *client.Request) (*client.Response, error) {
	c.exchanges++
	return c.Sender.Send(y, r)
}

func ExampleSender() {
	url, stop := hello()
	defer stop()
	err := loop.Main(func(y *loop.Yielder) error {
		c := &client.Client{}
		defer c.Close()
		n := &counter{Sender: c}
		c.Sender = n
		for _, name := range []string{"Brazil", "India"} {
			if _, err := c.Get(y, url+"/"+name); err != nil {
				return err
			}
		}
		fmt.Println(n.exchanges, "exchanges")
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 2 exchanges
}

func ExampleNewResponse() {
	teapot := clienttest.Func(func(_ *loop.Yielder, call *clienttest.Call) (*client.Response, error) {
		return client.NewResponse(418, map[string][]string{"X-Pot": {"short", "stout"}}, []byte("I am a "+call.PathValue("what"))), nil
	})
	m := &clienttest.Mock{}
	m.On("/{what}", teapot)
	err := loop.Main(func(y *loop.Yielder) error {
		c := &client.Client{Sender: m}
		resp, err := c.Get(y, "http://kitchen.test/teapot")
		if err == nil {
			fmt.Println(resp.Status, resp.Header("X-Pot"), string(resp.Body))
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 418 short I am a teapot
}

func ExampleClient_Transport() {
	url, stop := hello()
	defer stop()
	err := loop.Main(func(y *loop.Yielder) error {
		c := &client.Client{}
		defer c.Close()
		hc := &fasthttp.HostClient{Addr: url[len("http://"):], ReadTimeout: time.Minute, Transport: c.Transport(y)}
		status, body, err := hc.Get(nil, url+"/world")
		fmt.Println(status, string(body))
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 200 hello world
}
