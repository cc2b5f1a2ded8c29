package client_test

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// A digestServer knows one user, and gives a new nonce whenever it wants.
type digestServer struct {
	sync.Mutex
	nonce     string
	qop       string
	counts    map[string]bool // the nonces with their counts that were used
	challenge int             // how many
	always    bool            // nothing is right, and every nonce has become stale
}

var digestParam = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

func (d *digestServer) answer(v *visit) string {
	params := map[string]string{}
	for _, m := range digestParam.FindAllStringSubmatch(v.Header.Get("Authorization"), -1) {
		params[m[1]] = m[2]
	}
	hash := func(s ...string) string {
		sum := md5.Sum([]byte(strings.Join(s, ":")))
		return hex.EncodeToString(sum[:])
	}
	a2 := hash(v.Method, v.RequestURI)
	if params["qop"] == "auth-int" {
		a2 = hash(v.Method, v.RequestURI, hash(v.body))
	}
	want := hash(hash("me", "r", "mine"), params["nonce"], params["nc"], params["cnonce"], params["qop"], a2)
	right := params["response"] == want && params["username"] == "me" && params["uri"] == v.RequestURI
	stale := right && params["nonce"] != d.nonce || d.always
	if count := params["nonce"] + params["nc"]; right && !stale && !d.counts[count] {
		if d.counts == nil {
			d.counts = map[string]bool{}
		}
		d.counts[count] = true
		return says(fmt.Sprint("hello ", params["nc"], " ", params["qop"], " ", len(v.body)))
	}
	d.challenge++
	return replies(401, fmt.Sprintf(`WWW-Authenticate: Basic realm="x", Digest realm="r", nonce="%s", qop="%s", stale=%v`, d.nonce, d.qop, stale))
}

// TestDigest proves who asks to a server that counts.
func TestDigest(t *testing.T) {
	d := &digestServer{nonce: "first", qop: "auth, auth-int"}
	addr := converse(t, d.answer)
	auths := map[string]client.Auth{"mine": client.Digest("me", "mine"), "wrong": client.Digest("me", "wrong")}
	for _, tt := range []struct {
		name       string
		nonce, qop string
		password   string
		r          client.Request
		want       string // the body, "" for 401
		challenges int
		err        string
	}{
		{"first", "first", "auth, auth-int", "mine", client.Request{}, "hello 00000001 auth 0", 1, ""},
		{"second", "first", "auth, auth-int", "mine", client.Request{URL: "/x?y=z"}, "hello 00000002 auth 0", 0, ""},
		{"other method", "first", "auth", "mine", client.Request{Method: "POST", Body: []byte("body")}, "hello 00000003 auth 4", 0, ""},
		{"stale", "second", "auth", "mine", client.Request{Method: "PUT", Body: []byte("body")}, "hello 00000001 auth 4", 1, ""},
		{"stream that cannot be sent again", "third", "auth", "mine", client.Request{Method: "PUT", BodyStream: io.MultiReader(strings.NewReader("body"))}, "", 1, ""},
		{"its nonce was kept", "third", "auth", "mine", client.Request{Method: "PUT", BodyStream: io.MultiReader(strings.NewReader("body"))}, "hello 00000002 auth 4", 0, ""},
		{"integrity", "fourth", "auth-int", "mine", client.Request{Method: "POST", Body: []byte("body")}, "hello 00000001 auth-int 4", 1, ""},
		{"integrity of nothing", "fourth", "auth-int", "mine", client.Request{}, "hello 00000002 auth-int 0", 0, ""},
		{"integrity of much", "fourth", "auth-int", "mine", client.Request{Method: "POST", Body: bytes.Repeat([]byte("x"), 3<<20)}, "hello 00000003 auth-int 3145728", 0, ""},
		{"integrity of a stream", "fourth", "auth-int", "mine", client.Request{Method: "POST", BodyStream: strings.NewReader("body")}, "", 0, "auth-int"},
		{"wrong password", "fifth", "auth", "wrong", client.Request{}, "", 2, ""},
		{"no qop that is known", "fifth", "other", "mine", client.Request{}, "", 1, ""},
	} {
		auth, c := auths[tt.password], &client.Client{}
		t.Run(tt.name, func(t *testing.T) {
			cross()
			d.nonce, d.qop, d.challenge = tt.nonce, tt.qop, 0
			cross()
			run(t, c, func(y *loop.Yielder, _ *wire) {
				r := tt.r
				r.URL, r.Auth = "http://"+addr+r.URL, auth
				resp, err := c.Do(y, &r)
				cross()
				switch {
				case tt.err != "":
					checkError(t, err, cmp.Or(r.Method, "GET"), r.URL, client.PhaseAuth, nil, tt.err)
				case err != nil:
					t.Error(err)
				case string(resp.Body) != tt.want, (resp.Status == 401) != (tt.want == ""):
					t.Errorf("%d %q", resp.Status, resp.Body)
				}
				if d.challenge != tt.challenges {
					t.Errorf("challenged %d times", d.challenge)
				}
			})
		})
	}
	t.Run("always stale", func(t *testing.T) {
		d := &digestServer{nonce: "n", qop: "auth", always: true}
		addr := converse(t, d.answer)
		c := &client.Client{Auth: client.Digest("me", "mine")}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Get(y, "http://"+addr)
			cross()
			if err != nil || resp.Status != 401 || d.challenge != 4 {
				t.Errorf("%+v, %v after %d challenges", resp, err, d.challenge)
			}
		})
	})
	t.Run("concurrent", func(t *testing.T) {
		d := &digestServer{nonce: "n", qop: "auth"}
		addr := converse(t, func(v *visit) string {
			d.Lock()
			defer d.Unlock()
			return d.answer(v)
		})
		c := &client.Client{Auth: client.Digest("me", "mine")}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			err := all(y, 20, func(y *loop.Yielder, _ int) error {
				resp, err := c.Get(y, "http://"+addr)
				if err == nil && resp.Status != 200 {
					err = fmt.Errorf("status %d", resp.Status)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	})
}

// TestAuthOfOneOrigin has servers that redirect to one another and to themselves, or challenge.
func TestAuthOfOneOrigin(t *testing.T) {
	var there []string
	other := converse(t, func(v *visit) string {
		there = append(there, v.field("Authorization"))
		return replies(401, `WWW-Authenticate: Digest realm=r, nonce=n, qop=auth`)
	})
	d := &digestServer{nonce: "n", qop: "auth"}
	addr := converse(t, func(v *visit) string {
		switch v.URL.Path {
		case "/other":
			return to(307, "http://"+other+"/")
		case "/here":
			return to(307, "/x")
		}
		return d.answer(v)
	})
	file := netrcFile(t, "machine 127.0.0.1 login me password mine default login me password mine")
	for name, auth := range map[string]client.Auth{"Basic": client.Basic("me", "mine"), "Digest": client.Digest("me", "mine"), "Netrc": client.Netrc(file)} {
		t.Run(name, func(t *testing.T) {
			cross()
			there = nil
			cross()
			c := &client.Client{Auth: auth}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				resp, err := c.Get(y, "http://"+addr+"/here")
				if err != nil || name == "Digest" && resp.Status != 200 {
					t.Errorf("here: %+v, %v", resp, err)
				}
				resp, err = c.Get(y, "http://"+addr+"/other")
				cross()
				if err != nil || resp.Status != 401 || fmt.Sprintf("%q", there) != `[""]` {
					t.Errorf("there: %+v, %v; told %q", resp, err, there)
				}
			})
		})
	}
}

// A token is an Auth of the user's own, which fetches one.
type token struct {
	c     *client.Client
	url   string
	value string
	err   error
	asked []string
}

func (k *token) Authorization(y *loop.Yielder, r *client.AuthRequest) (string, error) {
	k.asked = append(k.asked, fmt.Sprint(r.Method, " ", r.Origin, " ", r.URI, " ", string(r.Body), r.Streamed, r.Challenges, r.Answered))
	if r.Challenges != nil && r.Answered == 0 {
		resp, err := k.c.Get(y, k.url)
		if err != nil {
			return "", err
		}
		k.value = string(resp.Body)
	} else if r.Challenges != nil {
		return "", k.err
	}
	return k.value, nil
}

// TestOwnAuth has an Auth that makes a request itself.
func TestOwnAuth(t *testing.T) {
	addr := converse(t, func(v *visit) string {
		switch {
		case v.URL.Path == "/token":
			return says("Bearer 1")
		case v.Header.Get("Authorization") != "Bearer 1" || v.URL.Path == "/never":
			return replies(401, "WWW-Authenticate: Bearer", "WWW-Authenticate: Other x=y")
		}
		return says("hello")
	})
	at := "http://" + addr
	c := &client.Client{MaxConnsPerHost: 1}
	run(t, c, func(y *loop.Yielder, _ *wire) {
		k := &token{c: c, url: at + "/token"}
		c2 := &client.Client{Auth: k}
		defer c2.Close()
		for range 2 {
			resp, err := c2.Do(y, &client.Request{Method: "PUT", URL: at + "/x?y", Body: []byte("body")})
			if err != nil || string(resp.Body) != "hello" {
				t.Errorf("got %+v, %v", resp, err)
			}
		}
		request := "PUT " + at + " /x?y bodyfalse "
		want := []string{request + "[] 0", request + "[Bearer Other x=y] 0", request + "[] 0"}
		if fmt.Sprint(k.asked) != fmt.Sprint(want) {
			t.Errorf("asked %q", k.asked)
		}
		if resp, err := c2.Get(y, at+"/never"); err != nil || resp.Status != 401 {
			t.Errorf("refused: %+v, %v", resp, err)
		}
		k.err = errors.New("no token")
		_, err := c2.Get(y, at+"/never")
		checkError(t, err, "GET", at+"/never", client.PhaseAuth, k.err, "no token")
	})
}

// TestURLUser sends the user of a URL, decoded.
func TestURLUser(t *testing.T) {
	addr := converse(t, func(v *visit) string {
		user, password, ok := v.BasicAuth()
		return says(fmt.Sprintf("%q %q %v", user, password, ok))
	})
	for user, want := range map[string]string{
		"":                `"" "" false`,
		"me@":             `"me" "" true`,
		"me:@":            `"me" "" true`,
		"me:mine@":        `"me" "mine" true`,
		"m%40e:m%3Ai%25@": `"m@e" "m:i%" true`,
		"%C3%A4:%E4:x@":   `"ä" "\xe4:x" true`,
		":mine@":          `"" "mine" true`,
	} {
		c := &client.Client{}
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Get(y, "http://"+user+addr)
			if err != nil || string(resp.Body) != want {
				t.Errorf("%s: got %s, %v", user, resp.Body, err)
			}
		})
	}
}

func netrcFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "netrc")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestNetrc looks up the host of a URL.
func TestNetrc(t *testing.T) {
	addr := converse(t, func(v *visit) string {
		user, password, _ := v.BasicAuth()
		return says(user + ":" + password)
	})
	_, port, _ := strings.Cut(addr, ":")
	const text = `
# mine
machine 127.0.0.1 login me password "mi ne\""
macdef init
machine localhost login no password no

default user you password yours
`
	given, named := netrcFile(t, text), netrcFile(t, "machine 127.0.0.1 password named")
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte("machine 127.0.0.1 login at password home"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := netrcFile(t, "machine 127.0.0.1 login me secret mine")
	for _, tt := range []struct {
		name, file, env, home string
		url, want, err        string
	}{
		{"given", given, named, home, addr, `me:mi ne"`, ""},
		{"default", given, "", home, "localhost:" + port, "you:yours", ""},
		{"environment", "", named, home, addr, ":named", ""},
		{"environment, other host", "", named, home, "localhost:" + port, ":", ""},
		{"home", "", "", home, addr, "at:home", ""},
		{"none at home", "", "", t.TempDir(), addr, ":", ""},
		{"named but missing", "", home + "/missing", home, addr, "", "missing: no such file"},
		{"given but missing", home + "/missing", "", home, addr, "", "missing: no such file"},
		{"malformed", bad, "", home, addr, "", "line 1: expected login, password or account"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NETRC", tt.env)
			t.Setenv("HOME", tt.home)
			c := &client.Client{Auth: client.Netrc(tt.file)}
			run(t, c, func(y *loop.Yielder, _ *wire) {
				for range 2 {
					resp, err := c.Get(y, "http://"+tt.url)
					if tt.err != "" {
						checkError(t, err, "GET", "http://"+tt.url, client.PhaseAuth, nil, tt.err)
						if err != nil && strings.Contains(err.Error(), "secret") {
							t.Error(err)
						}
						continue
					}
					if err != nil || string(resp.Body) != tt.want {
						t.Errorf("got %+v, %v", resp, err)
					}
				}
			})
		})
	}
}
