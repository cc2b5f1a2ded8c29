package flagserver_test

import (
	"bytes"
	"encoding/json"
	"image/gif"
	"io"
	"net/http"
	"testing"
	"time"

	"coloop/examples/flags/atlas"
	"coloop/examples/flags/flagserver"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, conduct flagserver.Conduct) (*flagserver.Server, *http.Client) {
	t.Helper()
	s, err := flagserver.Start("127.0.0.1:0", conduct)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, []byte) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func TestServesFlagsAndNames(t *testing.T) {
	s, c := start(t, flagserver.Prompt)
	for _, cc := range atlas.Pop20() {
		low := string([]byte{cc[0] + 'a' - 'A', cc[1] + 'a' - 'A'})
		resp, body := get(t, c, s.URL()+"/"+low+"/"+low+".gif")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "image/gif" {
			t.Errorf("%s: %s, %s", cc, resp.Status, resp.Header)
		}
		if _, err := gif.Decode(bytes.NewReader(body)); err != nil {
			t.Errorf("%s: %v", cc, err)
		}
		_, body = get(t, c, s.URL()+"/"+low+"/metadata.json")
		var got struct{ Country string }
		if err := json.Unmarshal(body, &got); err != nil {
			t.Errorf("%s: %v", cc, err)
		}
		if want, _ := atlas.Name(cc); got.Country != want {
			t.Errorf("%s: name %q, want %q", cc, got.Country, want)
		}
	}
}

func TestOtherPathsAreNotFound(t *testing.T) {
	s, c := start(t, flagserver.Prompt)
	for _, path := range []string{
		"", "/", "/cn", "/cn/", "/cn/in.gif", "/cn/.gif", "/CN/CN.gif", "/cn/cn.gif/", "/cn/metadata.jsonx",
		"/zz/zz.gif", "/zz/metadata.json", "/ıt/ıt.gif", "/eſ/metadata.json", "//.gif", "/../cn/cn.gif",
	} {
		if resp, _ := get(t, c, s.URL()+path); resp.StatusCode != 404 {
			t.Errorf("%q: %s, want 404", path, resp.Status)
		}
	}
}

func TestMethods(t *testing.T) {
	s, c := start(t, flagserver.Prompt)
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405} {
		req, err := http.NewRequest(method, s.URL()+"/cn/cn.gif", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", method, resp.Status, want)
		}
		if allow := resp.Header.Get("Allow"); want == 405 && allow != "GET, HEAD" {
			t.Errorf("%s: Allow is %q", method, allow)
		}
	}
}

func TestFaulty(t *testing.T) {
	draws := []float64{0, 0.25, 0.74, 0.75, 0.24}
	i := -1
	conduct := flagserver.Faulty(time.Microsecond, func() float64 { i++; return draws[i] })
	s, c := start(t, conduct)
	for n, want := range []int{418, 200, 200, 200, 418} {
		if resp, _ := get(t, c, s.URL()+"/cn/cn.gif"); resp.StatusCode != want {
			t.Errorf("request %d: %s, want %d", n, resp.Status, want)
		}
	}
	delays := func(x float64) time.Duration {
		d, _ := flagserver.Faulty(time.Second, func() float64 { return x })()
		return d
	}
	for x, want := range map[float64]time.Duration{0: 0, 0.2: 0, 0.3: time.Second, 0.7: time.Second, 0.8: 0} {
		if got := delays(x); got != want {
			t.Errorf("draw %v: delay %v, want %v", x, got, want)
		}
	}
}

// A server that is closed does not wait for the replies that it delays.
func TestCloseInterruptsReplies(t *testing.T) {
	arrived := make(chan struct{})
	s, c := start(t, func() (time.Duration, int) {
		close(arrived)
		return time.Hour, 200
	})
	failed := make(chan error)
	go func() {
		resp, err := c.Get(s.URL() + "/cn/cn.gif")
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	<-arrived
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("request succeeded, want an error")
	}
}

func TestStartFails(t *testing.T) {
	s, _ := start(t, flagserver.Prompt)
	for _, address := range []string{s.Addr().String(), "nonsense", "127.0.0.1:99999"} {
		if s, err := flagserver.Start(address, flagserver.Prompt); err == nil {
			s.Close()
			t.Errorf("Start(%q) succeeded", address)
		} else {
			t.Log(err)
		}
	}
}
