package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		args        string
		n           int // codes
		first, last string
		concurReq   int
		more        func(options) bool
	}{
		{"", 20, "BD", "VN", 20, func(o options) bool {
			return o.server == "NEAR" && o.generation.name == "asyncio" && o.dir == "downloads" &&
				o.timeout == 3100*time.Millisecond && !o.names && !o.verbose
		}},
		{"-a", 194, "AD", "ZW", 194, nil},
		{"--all -l 3", 3, "AD", "AF", 3, nil},
		{"-e", 676, "AA", "ZZ", 200, nil},
		{"-e -a", 676, "AA", "ZZ", 200, nil},
		{"-e fr", 676, "AA", "ZZ", 200, nil},
		{"-a fr", 194, "AD", "ZW", 194, nil},
		{"-l 7", 7, "BD", "ET", 7, nil},
		{"-l 1000", 20, "BD", "VN", 20, nil},
		{"cn", 1, "CN", "CN", 1, nil},
		{"us Fr CN fr", 3, "CN", "US", 3, nil},
		{"b", 26, "BA", "BZ", 26, nil},
		{"b BA c", 52, "BA", "CZ", 52, nil},
		{"b -l 2 -v", 2, "BA", "BB", 2, func(o options) bool { return o.verbose }},
		{"-m 1000 -a", 194, "AD", "ZW", 194, nil},
		{"-m 5000 -e", 676, "AA", "ZZ", 676, nil},
		{"--max-req 7", 20, "BD", "VN", 7, nil},
		{"-g threadpool", 20, "BD", "VN", 20, nil},
		{"-g threadpool -a", 194, "AD", "ZW", 30, nil},
		{"-g SEQUENTIAL -m 9", 20, "BD", "VN", 1, nil},
		{"-s error", 20, "BD", "VN", 20, func(o options) bool { return o.server == "ERROR" }},
		{"--server Remote -t 2", 20, "BD", "VN", 5, func(o options) bool {
			return o.server == "REMOTE" && o.timeout == 2*time.Second
		}},
		{"-u http://h:1/flags/ -nd x", 20, "BD", "VN", 5, func(o options) bool {
			return o.url == "http://h:1/flags" && o.names && o.dir == "x"
		}},
		{"-s REMOTE -g threadpool", 20, "BD", "VN", 20, nil},
		{"-t 24h", 20, "BD", "VN", 20, func(o options) bool { return o.timeout == 24*time.Hour }},
		{"-t .5", 20, "BD", "VN", 20, func(o options) bool { return o.timeout == 500*time.Millisecond }},
		{"-t 1m1.5s", 20, "BD", "VN", 20, func(o options) bool { return o.timeout == 61500*time.Millisecond }},
		{"-u HTTP://h:/A%2Fb//", 20, "BD", "VN", 5, func(o options) bool { return o.url == "http://h/A%2Fb" }},
		{"-u http://h/Ä", 20, "BD", "VN", 5, func(o options) bool { return o.url == "http://h/%C3%84" }},
		{"-u https://[::1]:8000", 20, "BD", "VN", 5, func(o options) bool { return o.url == "https://[::1]:8000" }},
		{"-a=false -l +7", 7, "BD", "ET", 7, nil},
		{"-- cn", 1, "CN", "CN", 1, nil},
	} {
		o, err := parseOptions(strings.Fields(c.args))
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		n := len(o.ccList)
		if n != c.n || o.ccList[0] != c.first || o.ccList[n-1] != c.last || !slices.IsSorted(o.ccList) {
			t.Errorf("%q: %d codes, %s to %s, want %d, %s to %s",
				c.args, n, o.ccList[0], o.ccList[n-1], c.n, c.first, c.last)
		}
		if o.concurReq != c.concurReq {
			t.Errorf("%q: %d requests at a time, want %d", c.args, o.concurReq, c.concurReq)
		}
		if c.more != nil && !c.more(o) {
			t.Errorf("%q: %+v", c.args, o)
		}
	}
}

func TestOptionsOfOtherModes(t *testing.T) {
	o, err := parseOptions([]string{"--speedup"})
	if err != nil || o.speedup != 600 || o.concurReq != 600 {
		t.Errorf("--speedup: %d requests, %d at a time, %v", o.speedup, o.concurReq, err)
	}
	o, err = parseOptions([]string{"--speedup", "-l", "40", "-m", "8"})
	if err != nil || o.speedup != 40 || o.concurReq != 8 {
		t.Errorf("--speedup -l 40 -m 8: %d requests, %d at a time, %v", o.speedup, o.concurReq, err)
	}
	o, err = parseOptions([]string{"--serve", ":8000", "-s", "delay"})
	if err != nil || o.serve != ":8000" || o.server != "DELAY" {
		t.Errorf("--serve: %+v, %v", o, err)
	}
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-vh", "cn"}} {
		if _, err := parseOptions(args); !errors.Is(err, pflag.ErrHelp) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// An option or argument that is refused is refused for the right reason.
func TestD13BadOptions(t *testing.T) {
	for _, c := range []struct{ want, args string }{
		{"invalid argument %q for \"-l, --limit\" flag: must be from 1 to 100000",
			"0 -5 100001 99999999999999999999 -99999999999999999999"},
		{"invalid argument %q for \"-m, --max_req\" flag: must be a whole number",
			"1.5 many 1e3 1_000 0x10 ٣ 3½ ++1"},
		{"invalid argument %q for \"-t, --timeout\" flag: must be from 1ms to 24h",
			"0 -1 -5s 0.0001 1ns 24h1ms 9999999h 99999999999999999999 1000000000000h 25h"},
		{"invalid argument %q for \"-t, --timeout\" flag: must be a time such as 2.5s or 300ms",
			"soon inf NaN s 1h2 1e9 1_0 ٣s 3ſ 1d . 1.2.3"},
		{"invalid argument %q for \"-s, --server\" flag: must be one of DELAY, ERROR, LOCAL, NEAR, REMOTE",
			"NOWHERE NEA NEARS NEAR, ΝEAR"},
		{"invalid argument %q for \"-g, --generation\" flag: must be one of sequential, threadpool, asyncio",
			"curio asyncıo ASYNCİO ſequential"},
		{"invalid argument %q for \"-u, --url\" flag: must be an address like http://localhost:8000/flags",
			"localhost localhost:8000/flags ftp://x/y http:///x http://:80/x http: //h/x http://h/%zz http://h:port/"},
		{"invalid argument %q for \"-u, --url\" flag: must be without a user",
			"http://me@h/x http://me:word@h/x http://@h/"},
		{"invalid argument %q for \"-u, --url\" flag: must be without a query (?) or fragment (#)",
			"http://h/x?y=1 http://h/x? http://h?y http://h/x#y http://h/x#"},
		{"invalid argument %q for \"-u, --url\" flag: must have a port from 1 to 65535",
			"http://h:0/ http://h:65536/ http://h:99999999999/"},
		{"invalid argument %q for \"-a, --all\" flag: must be true or false", "perhaps 2 ŧrue"},
		{"%q is not a country code: that is A to Z, or AA to ZZ", "CHN c1 É 7 ı ſ bı ſe ﬁ \u212a \xff"},
		{"--serve needs an address like localhost:8000, not %q", "8000 localhost localhost:99999 localhost:-1 ::1:80"},
		{"unknown option %q", "-ı -x -é"},
	} {
		for _, arg := range strings.Fields(c.args) {
			args := []string{arg}
			for name, option := range map[string]string{
				"--limit": "-l", "--max_req": "-m", "--timeout": "-t", "--server\"": "-s", "--generation": "-g",
				"--url": "-u", "--all": "-a", "--serve needs": "--serve",
			} {
				if strings.Contains(c.want, name) {
					args = []string{option, arg}
					if option == "-a" {
						args = []string{"--all=" + arg}
					}
				}
			}
			want := strings.ReplaceAll(c.want, "%q", strconv.Quote(arg))
			if _, err := parseOptions(args); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q:\n got %v\nwant %s", args, err, want)
			}
		}
	}
}

func TestBadCombinations(t *testing.T) {
	for args, want := range map[string]string{
		"-l":                   "needs an argument",
		"--nope":               "--nope",
		"-e nonsense":          `"nonsense" is not a country code`,
		"-a ı":                 `"ı" is not a country code`,
		"cn 7":                 `"7" is not a country code`,
		"-u http://x -s DELAY": "--url cannot be combined with --server",
		"--dir=":               "--dir",
		"--url=":               "--url",
		"--serve":              "needs an argument",
		"--serve=":             "--serve needs an address",
		"--serve :1 -a":        "--serve cannot be combined with --all",
		"--serve :1 -s REMOTE": "REMOTE",
		"--serve :1 cn":        "--serve takes no country codes",
		"--speedup cn":         "--speedup takes no country codes",
		"--speedup -s DELAY":   "--speedup cannot be combined with --server",
	} {
		if _, err := parseOptions(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something about %q", args, err, want)
		}
	}
}

// What is appended to the URL is in lower case, but not the URL itself.
func TestURLsOfAJob(t *testing.T) {
	j := &job{baseURL: "http://h/Flags"}
	if got := j.flagURL("CN") + " " + j.metadataURL("CN"); got != "http://h/Flags/cn/cn.gif http://h/Flags/cn/metadata.json" {
		t.Error(got)
	}
}
