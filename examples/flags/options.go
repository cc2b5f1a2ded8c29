package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"coloop/examples/flags/atlas"

	"github.com/spf13/pflag"
)

// options is what the command line asks for.
type options struct {
	ccList     []string
	server     string // a label
	url        string // of another server, in place of that
	generation generation
	concurReq  int
	names      bool
	verbose    bool
	dir        string
	timeout    time.Duration

	serve   string // address to serve at, instead of downloading
	speedup int    // number of requests to measure, instead of downloading
}

const usageLine = "usage: flags [OPTION]... [CC]..."

const helpTop = usageLine + `

Download flags of countries: by default those of the 20 most populous. A server
that has them is part of the program.

  CC   a country code, or the first letter of some: B for BA to BZ

`

const helpBottom = `
Servers:
  LOCAL    embedded; replies at once
  DELAY    embedded; replies after 1 s
  ERROR    embedded; answers 25 % of the requests with status 418, and delays
           50 % by 0.5 s
  REMOTE   https://www.fluentpython.com

Exit status:
  0        every flag was downloaded, or does not exist
  1        there were errors, or the folder cannot be written to
  2        the command line is wrong
  129      ended by SIGHUP; files are complete or not there, as after
  130      Ctrl-C, and
  143      SIGTERM
`

// speedupRequests is how many requests --speedup makes by default.
const speedupRequests = 600

// parseOptions reads the command line. The error is pflag.ErrHelp if that asks
// for help, which is returned in any case.
func parseOptions(args []string) (o options, help string, err error) {
	fs := pflag.NewFlagSet("flags", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Usage = func() {}
	fs.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "-", "_"))
	})
	var (
		limit, maxReq, timeout = number{}, number{}, duration(3100 * time.Millisecond)
		server                 = choice{"LOCAL", serverLabels(), strings.ToUpper}
		gen                    = choice{"asyncio", generationNames(), strings.ToLower}
	)
	toggle := func(name, shorthand, usage string) *bool {
		on := new(bool)
		fs.BoolFuncP(name, shorthand, usage, func(s string) (err error) {
			*on, err = strconv.ParseBool(s)
			return err
		})
		return on
	}
	all := toggle("all", "a", "get all flags there are (AD to ZW)")
	every := toggle("every", "e", "try every possible code (AA to ZZ)")
	fs.VarP(&limit, "limit", "l", "get only the first `N` of the codes")
	fs.VarP(&maxReq, "max_req", "m", "make at most `N` requests at a time"+concurReqs())
	fs.VarP(&server, "server", "s", "server to ask, by its `LABEL`: see below")
	verbose := toggle("verbose", "v", "say what becomes of each code; no progress bar")
	fs.VarP(&gen, "generation", "g", "sequential, threadpool or asyncio: `HOW` to do it")
	names := toggle("names", "n", "name the files after the countries")
	fs.StringVarP(&o.dir, "dir", "d", "downloads", "save to the folder `DIR`, which is made if need be")
	fs.VarP(&timeout, "timeout", "t", "give up on a request after `TIME`")
	fs.StringVarP(&o.url, "url", "u", "", "server to ask, by its `URL`: http://localhost:8000/flags")
	fs.StringVar(&o.serve, "serve", "", "download nothing, be the server, at `ADDRESS`: localhost:8000")
	speedup := toggle("speedup", "", fmt.Sprintf("download nothing, measure %d requests (or -l N) of 50 ms made at once against one at a time", speedupRequests))
	toggle("help", "h", "print this")
	help = helpTop + "Options:\n" + fs.FlagUsagesWrapped(80) + helpBottom

	if err := fs.Parse(args); err != nil {
		return o, help, err
	}
	if fs.Changed("help") {
		return o, help, pflag.ErrHelp
	}
	o.verbose, o.names = *verbose, *names
	o.server, o.timeout = server.value, time.Duration(timeout)
	o.generation = generationNamed(gen.value)

	only := func(mode string, allowed ...string) error {
		if fs.NArg() > 0 {
			return fmt.Errorf("--%s takes no country codes", mode)
		}
		var err error
		fs.Visit(func(f *pflag.Flag) {
			if f.Name != mode && !slices.Contains(allowed, f.Name) && err == nil {
				err = fmt.Errorf("--%s cannot be combined with --%s", mode, f.Name)
			}
		})
		return err
	}
	switch {
	case *speedup:
		o.speedup = limit.or(speedupRequests)
		o.concurReq = min(maxReq.or(o.speedup), o.speedup)
		return o, help, only("speedup", "limit", "max_req", "timeout")
	case fs.Changed("serve"):
		if o.serve == "" {
			return o, help, errors.New("--serve needs an address like localhost:8000")
		}
		if conducts[o.server] == nil {
			return o, help, fmt.Errorf("--serve cannot be %s, which is not embedded", o.server)
		}
		return o, help, only("serve", "server")
	}
	if o.dir == "" {
		return o, help, errors.New("--dir needs a folder")
	}
	if fs.Changed("url") {
		if fs.Changed("server") {
			return o, help, errors.New("--url cannot be combined with --server")
		}
		u, err := url.Parse(o.url)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return o, help, fmt.Errorf("--url needs an address like http://localhost:8000/flags, not %q", o.url)
		}
		o.url = strings.TrimRight(o.url, "/")
	}
	o.ccList, err = expandCC(*every, *all, fs.Args(), limit.or(0))
	o.concurReq = min(maxReq.or(o.generation.defaultReq), o.generation.maxReq, len(o.ccList))
	return o, help, err
}

// expandCC makes a sorted list of country codes of what the command line says,
// cut to limit if that is not 0. Every beats all, which beats the arguments; with
// none of them it is the 20 most populous countries.
func expandCC(every, all bool, args []string, limit int) ([]string, error) {
	var codes []string
	switch {
	case every:
		for a := 'A'; a <= 'Z'; a++ {
			codes = append(codes, startingWith(string(a))...)
		}
	case all:
		codes = atlas.Codes()
	case len(args) == 0:
		codes = atlas.Pop20()
	}
	if codes == nil {
		for _, arg := range args {
			cc := strings.ToUpper(arg)
			switch {
			case strings.Trim(cc, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(cc) < 1 || len(cc) > 2:
				return nil, fmt.Errorf("%q is not a country code: that is A to Z, or AA to ZZ", arg)
			case len(cc) == 1:
				codes = append(codes, startingWith(cc)...)
			default:
				codes = append(codes, cc)
			}
		}
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	if limit > 0 && limit < len(codes) {
		codes = codes[:limit]
	}
	return codes, nil
}

func startingWith(letter string) []string {
	var codes []string
	for b := 'A'; b <= 'Z'; b++ {
		codes = append(codes, letter+string(b))
	}
	return codes
}

// number is an option that takes a whole number, at least 1.
type number struct{ n int }

func (v *number) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return errors.New("must be a whole number, 1 or more")
	}
	v.n = n
	return nil
}

func (v *number) or(n int) int {
	if v.n == 0 {
		return n
	}
	return v.n
}

func (v *number) String() string { return "" }
func (v *number) Type() string   { return "N" }

// duration is an option that takes a time: 1.5s, or 1.5 for the same.
type duration time.Duration

func (v *duration) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	if err != nil || d <= 0 {
		return errors.New("must be a time above 0, such as 2.5s or 300ms")
	}
	*v = duration(d)
	return nil
}

func (v *duration) String() string { return time.Duration(*v).String() }
func (v *duration) Type() string   { return "TIME" }

// choice is an option that takes one of some words, in either case.
type choice struct {
	value string
	among []string
	fold  func(string) string
}

func (v *choice) Set(s string) error {
	if !slices.Contains(v.among, v.fold(s)) {
		return fmt.Errorf("must be one of %s", strings.Join(v.among, ", "))
	}
	v.value = v.fold(s)
	return nil
}

func (v *choice) String() string { return v.value }
func (v *choice) Type() string   { return "NAME" }
