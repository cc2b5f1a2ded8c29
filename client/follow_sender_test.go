package client_test

import (
	"fmt"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"syscall"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// A scripted is a Sender that tells what it is asked, and answers in turn.
type scripted struct {
	asked   []string
	answers []any // a *client.Response, or an error
}

func (s *scripted) Send(_ *loop.Yielder, r *client.Request) (*client.Response, error) {
	h := client.NewResponse(200, r.Header, nil)
	s.asked = append(s.asked, fmt.Sprint(r.Method, " ", r.URL, " ", h.Header("Authorization"), " ", h.Header("Cookie")))
	answer := s.answers[0]
	s.answers = s.answers[1:]
	if err, failed := answer.(error); failed {
		return nil, err
	}
	return answer.(*client.Response), nil
}

// TestSessionOverSender has what is done with replies done with those of a Sender too.
func TestSessionOverSender(t *testing.T) {
	s := &scripted{}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client.Client{
		Sender: s, BaseURL: "http://api.test/v1/", Jar: jar, Auth: client.Basic("me", "mine"),
		Retry: &client.Retry{Backoff: -1},
	}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		s.answers = []any{
			syscall.ECONNRESET,
			client.NewResponse(503, nil, []byte("busy")),
			client.NewResponse(302, map[string][]string{"Location": {"/x"}, "Set-Cookie": {"a=1; Path=/"}}, []byte("moved")),
			client.NewResponse(200, nil, []byte("hello")),
		}
		resp, err := c.Do(y, &client.Request{URL: "u", Query: url.Values{"q": {"1"}}})
		if err != nil || string(resp.Body) != "hello" || len(resp.History) != 1 {
			t.Errorf("got %+v, %v", resp, err)
		}
		const first = "GET http://api.test/v1/u?q=1 Basic bWU6bWluZQ== "
		if want := []string{first, first, first, "GET http://api.test/x Basic bWU6bWluZQ== a=1"}; !slices.Equal(s.asked, want) {
			t.Errorf("asked %q", s.asked)
		}
		// A Sender does not say whether a request was sent, so it may have been.
		s.answers = []any{syscall.ECONNRESET}
		_, err = c.Post(y, "u", "text/plain", []byte("x"))
		checkError(t, err, "POST", "http://api.test/v1/u", client.PhaseSend, syscall.ECONNRESET, "reset")
	})
}
