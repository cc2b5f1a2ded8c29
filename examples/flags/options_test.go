package main

import (
	"errors"
	"slices"
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
		{"", 20, "BD", "VN", 5, func(o options) bool {
			return o.server == "LOCAL" && o.generation.name == "asyncio" && o.dir == "downloads" &&
				o.timeout == 3100*time.Millisecond && !o.names && !o.verbose
		}},
		{"-a", 194, "AD", "ZW", 5, nil},
		{"--all -l 3", 3, "AD", "AF", 3, nil},
		{"-e", 676, "AA", "ZZ", 5, nil},
		{"-e -a", 676, "AA", "ZZ", 5, nil},
		{"-e nonsense", 676, "AA", "ZZ", 5, nil},
		{"-a fr", 194, "AD", "ZW", 5, nil},
		{"-l 7", 7, "BD", "ET", 5, nil},
		{"-l 1000", 20, "BD", "VN", 5, nil},
		{"cn", 1, "CN", "CN", 1, nil},
		{"us Fr CN fr", 3, "CN", "US", 3, nil},
		{"b", 26, "BA", "BZ", 5, nil},
		{"b BA c", 52, "BA", "CZ", 5, nil},
		{"b -l 2 -v", 2, "BA", "BB", 2, func(o options) bool { return o.verbose }},
		{"-m 1000 -a", 194, "AD", "ZW", 194, nil},
		{"-m 5000 -e", 676, "AA", "ZZ", 676, nil},
		{"--max-req 7", 20, "BD", "VN", 7, nil},
		{"-g threadpool", 20, "BD", "VN", 20, nil},
		{"-g threadpool -a", 194, "AD", "ZW", 30, nil},
		{"-g SEQUENTIAL -m 9", 20, "BD", "VN", 1, nil},
		{"-s error", 20, "BD", "VN", 5, func(o options) bool { return o.server == "ERROR" }},
		{"--server Remote -t 2", 20, "BD", "VN", 5, func(o options) bool {
			return o.server == "REMOTE" && o.timeout == 2*time.Second
		}},
		{"-u http://h:1/flags/ -nd x", 20, "BD", "VN", 5, func(o options) bool {
			return o.url == "http://h:1/flags" && o.names && o.dir == "x"
		}},
		{"-- cn", 1, "CN", "CN", 1, nil},
	} {
		o, _, err := parseOptions(strings.Fields(c.args))
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
	o, _, err := parseOptions([]string{"--speedup"})
	if err != nil || o.speedup != 600 || o.concurReq != 600 {
		t.Errorf("--speedup: %d requests, %d at a time, %v", o.speedup, o.concurReq, err)
	}
	o, _, err = parseOptions([]string{"--speedup", "-l", "40", "-m", "8"})
	if err != nil || o.speedup != 40 || o.concurReq != 8 {
		t.Errorf("--speedup -l 40 -m 8: %d requests, %d at a time, %v", o.speedup, o.concurReq, err)
	}
	o, _, err = parseOptions([]string{"--serve", ":8000", "-s", "delay"})
	if err != nil || o.serve != ":8000" || o.server != "DELAY" {
		t.Errorf("--serve: %+v, %v", o, err)
	}
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-vh", "cn"}} {
		if _, help, err := parseOptions(args); !errors.Is(err, pflag.ErrHelp) || help == "" {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for args, want := range map[string]string{
		"-l 0":                 "--limit",
		"-l -5":                "--limit",
		"-l 1.5":               "--limit",
		"-l":                   "needs an argument",
		"-m 0":                 "--max_req",
		"-m many":              "--max_req",
		"-s NOWHERE":           "must be one of DELAY, ERROR, LOCAL, REMOTE",
		"-g curio":             "must be one of sequential, threadpool, asyncio",
		"-t 0":                 "--timeout",
		"-t soon":              "--timeout",
		"-x":                   "-x",
		"--nope":               "--nope",
		"--all=perhaps":        "--all",
		"CHN":                  `"CHN" is not a country code`,
		"c1":                   `"c1" is not a country code`,
		"É":                    "is not a country code",
		"cn 7":                 `"7" is not a country code`,
		"-u localhost":         "--url",
		"-u ftp://x/y":         "--url",
		"-u http://x -s ERR":   "must be one of",
		"-u http://x -s DELAY": "--url cannot be combined with --server",
		"--dir=":               "--dir",
		"--serve":              "needs an argument",
		"--serve=":             "--serve",
		"--serve :1 -a":        "--serve cannot be combined with --all",
		"--serve :1 -s REMOTE": "REMOTE",
		"--speedup cn":         "--speedup takes no country codes",
		"--speedup -s DELAY":   "--speedup cannot be combined with --server",
	} {
		if _, _, err := parseOptions(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something about %q", args, err, want)
		}
	}
}
