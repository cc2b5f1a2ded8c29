package client_test

import (
	"fmt"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// bodied is a response of a type with a body.
func bodied(contentType, body string) string {
	if contentType != "" {
		contentType = "Content-Type: " + contentType + "\r\n"
	}
	return fmt.Sprintf("%s%sContent-Length: %d\r\n\r\n%s", ok, contentType, len(body), body)
}

func TestText(t *testing.T) {
	pad := strings.Repeat("ascii ", 400) // more than is looked at
	for _, tt := range []struct{ name, contentType, body, want string }{
		{"ASCII", "text/plain", "hello", "hello"},
		{"nothing", "", "", ""},
		{"UTF-8 said", "text/plain; charset=utf-8", "Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe"},
		{"UTF-8 found", "text/plain", "Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe"},
		{"UTF-8 found late", "text/plain", pad + "Gr\u00fc\u00dfe", pad + "Gr\u00fc\u00dfe"},
		{"UTF-8 at the edge", "text/html", strings.Repeat("a", 999) + "\u00fc", strings.Repeat("a", 999) + "\u00fc"},
		{"UTF-8 only", "text/html", strings.Repeat("\u4e2d", 600), strings.Repeat("\u4e2d", 600)},
		{"no type", "", "Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe"},
		{"JSON", "application/json", "\"\u00fc\"", "\"\u00fc\""},
		{"latin1 said", "text/plain; charset=ISO-8859-1", "Gr\xfc\xdfe", "Gr\u00fc\u00dfe"},
		{"quoted", `text/plain; charset="iso-8859-1"`, "\xfc", "\u00fc"},
		{"windows-1252 by default", "text/plain", "\x80 5", "\u20ac 5"},
		{"default found late", "text/plain", pad + "\x80", pad + "\u20ac"},
		{"Shift-JIS", "text/html; charset=Shift_JIS", "\x93\xfa\x96{", "\u65e5\u672c"},
		{"GBK", "text/html; charset=gbk", "\xc4\xe3\xba\xc3", "\u4f60\u597d"},
		{"meta", "text/html", `<html><head><meta charset="koi8-r"></head>` + "\xf0\xf2", `<html><head><meta charset="koi8-r"></head>` + "\u041f\u0420"},
		{"meta, ASCII bytes", "text/html", "<meta charset=iso-2022-jp>\x1b$BF|\x1b(B", "<meta charset=iso-2022-jp>\u65e5"},
		{"meta http-equiv", "", `<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">` + "\xb1", `<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">` + "\u0105"},
		{"meta UTF-8, damaged", "text/html", "<meta charset=utf-8>a\xffb", "<meta charset=utf-8>a\ufffdb"},
		{"meta of no page", "text/plain", "<meta charset=koi8-r>\u00fc", "<meta charset=koi8-r>\u00fc"},
		{"type beats meta", "text/html; charset=utf-8", "<meta charset=koi8-r>\u00fc", "<meta charset=koi8-r>\u00fc"},
		{"mark beats type", "text/plain; charset=iso-8859-1", "\xef\xbb\xbf\u00fc", "\u00fc"},
		{"UTF-8 mark", "text/plain", "\xef\xbb\xbfx", "x"},
		{"UTF-16LE mark", "text/plain", "\xff\xfeh\x00\xfc\x00", "h\u00fc"},
		{"UTF-16BE mark", "application/json", "\xfe\xff\x00h\x00\xfc", "h\u00fc"},
		{"UTF-16 said", "text/plain; charset=utf-16le", "h\x00\xfc\x00", "h\u00fc"},
		{"unknown charset", "text/plain; charset=klingon", "\u00fc", "\u00fc"},
		{"broken type", "text/plain; charset", "\u00fc", "\u00fc"},
		{"damaged UTF-8", "text/plain; charset=utf-8", "a\xffb", "a\ufffdb"},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				respond(t, bodied(tt.contentType, tt.body), client.Request{Stream: stream}, func(_ *loop.Yielder, resp *client.Response) {
					for range 2 {
						if got, err := resp.Text(); err != nil || got != tt.want {
							t.Errorf("got %+q, %v, want %+q", got, err, tt.want)
						}
					}
				})
			})
		}
	}
}

func TestJSON(t *testing.T) {
	type reply struct {
		A int
		B struct{ C []string }
	}
	for _, tt := range []struct{ name, contentType, body, err string }{
		{"right", "application/json", `{"A": 1, "B": {"C": ["x"]}}`, ""},
		{"with a mark", "application/json", "\xef\xbb\xbf{\"A\": 1, \"B\": {\"C\": [\"x\"]}}", ""},
		{"empty", "application/json", " \n", "body: json: the body is empty"},
		{"HTML", "text/html; charset=utf-8", "<html>", `body: JSON at line 1, column 1: invalid character '<' looking for beginning of value, Content-Type is "text/html"`},
		{"no type", "", "{", `body: JSON at line 1, column 1: unexpected end of JSON input, Content-Type is ""`},
		{"syntax", "application/json", "{\n  \"A\": 1,\n  \"B\": nil\n}", "body: JSON at line 3, column 9: invalid character 'i' in literal null (expecting 'u')"},
		{"type", "application/json", "{\"A\": 1,\n \"B\": {\"C\": [\"x\", 7]}}", "body: JSON at line 2, column 19: json: cannot unmarshal number into Go struct field .B.C of type string"},
		{"long number", "application/json", `{"A": 1` + strings.Repeat("0", 9000) + "}", "body: JSON at line 1, column 9007: json: cannot unmarshal number 1" + strings.Repeat("0", 38) + "..." + strings.Repeat("0", 8) + " into Go struct field reply.A of type int"},
		{"more behind", "application/json", `{"A": 1} x`, "body: JSON at line 1, column 10: invalid character 'x' after top-level value"},
		{"binary", "application/json", "\x00\x01", `body: JSON at line 1, column 1: invalid character '\x00' looking for beginning of value`},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", tt.name, stream), func(t *testing.T) {
				respond(t, bodied(tt.contentType, tt.body), client.Request{Stream: stream}, func(_ *loop.Yielder, resp *client.Response) {
					var v reply
					err := resp.JSON(&v)
					if tt.err == "" {
						if err != nil || v.A != 1 || len(v.B.C) != 1 || v.B.C[0] != "x" {
							t.Errorf("got %+v, %v", v, err)
						}
						return
					}
					checkError(t, err, "GET", resp.URL, client.PhaseBody, nil, "")
					if got := strings.TrimPrefix(err.Error(), "GET "+resp.URL+": "); got != tt.err {
						t.Errorf("got %s\nwant %s", got, tt.err)
					}
				})
			})
		}
	}
	respond(t, bodied("", "1"), client.Request{}, func(_ *loop.Yielder, resp *client.Response) {
		if err := resp.JSON(nil); err == nil || !strings.Contains(err.Error(), "Unmarshal(nil)") {
			t.Error(err)
		}
	})
}

// TestTextOfStreamIsLimited has a stream that is longer than a body may be.
func TestTextOfStreamIsLimited(t *testing.T) {
	for size, limit := range map[int]error{100: nil, 101: client.ErrBodyTooLarge} {
		c := &client.Client{MaxBody: 100}
		url := "http://" + serve(t, replySilent(bodied("", strings.Repeat("x", size))))
		run(t, c, func(y *loop.Yielder, _ *wire) {
			resp, err := c.Do(y, &client.Request{URL: url, Stream: true})
			if err != nil {
				t.Error(err)
				return
			}
			s, err := resp.Text()
			if limit == nil {
				if err != nil || len(s) != size {
					t.Errorf("%d bytes, %v", len(s), err)
				}
				return
			}
			checkError(t, err, "GET", url, client.PhaseBody, limit, "too large")
		})
	}
}
