package client_test

import (
	"io"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// TestA5ReleaseInCleanUp reads a body to its end in a task that ends because its loop is
// closed: the connection, which nobody can use again, is closed.
func TestA5ReleaseInCleanUp(t *testing.T) {
	url := "http://" + serve(t, replySilent(ok+"Content-Length: 4\r\n\r\nflag"))
	l, err := loop.New()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &client.Client{}
	var body []byte
	var cleanUp error
	parked := loop.NewFuture[struct{}](l)
	task := loop.Spawn(l, func(y *loop.Yielder) error {
		resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
		if err != nil {
			return err
		}
		defer func() { body, cleanUp = io.ReadAll(resp.Stream) }()
		_ = parked.SetResult(struct{}{})
		_, err = loop.NewFuture[struct{}](l).Await(y)
		return err
	})
	if _, err := loop.RunUntilComplete(l, parked); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if string(body) != "flag" || cleanUp != nil {
		t.Errorf("the body in clean-up: %q, %v", body, cleanUp)
	}
	if !task.Done() {
		t.Error(task)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
