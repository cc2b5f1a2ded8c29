package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"coloop/examples/flags/atlas"

	"github.com/spf13/pflag"
)

// options is what the command line asks for.
type options struct {
	ccList     []string
	all        bool   // that there are, or every possible one
	server     string // a label
	url        string // of another server, in place of that
	generation generation
	concurReq  int
	names      bool
	verbose    bool
	dir        string
	timeout    time.Duration

	// Arguments to repeat in another call: those that say which codes to get, and
	// the others but for the generation.
	selection, common []string

	serve   string // address to serve at, instead of downloading
	speedup int    // number of requests to measure, instead of downloading
}

// speedupRequests is how many requests --speedup makes by default.
const speedupRequests = 600

// parseOptions reads the command line. The error is pflag.ErrHelp if that asks
// for help.
func parseOptions(args []string) (o options, err error) {
	fs := pflag.NewFlagSet("flags", pflag.ContinueOnError)
	limit, maxReq := defineOptions(fs, &o)
	if err := fs.Parse(args); err != nil {
		return o, sayUnknown(err)
	}
	on := func(name string) bool { return fs.Lookup(name).Value.String() == "true" }
	o.all, o.names, o.verbose = on("all") || on("every"), on("names"), on("verbose")
	o.generation = generationNamed(fs.Lookup("generation").Value.String())
	o.server = fs.Lookup("server").Value.String()

	switch {
	case on("help"):
		return o, pflag.ErrHelp
	case on("speedup"):
		o.speedup = limit.or(speedupRequests)
		o.concurReq = min(maxReq.or(o.speedup), o.speedup)
		return o, goesWith(fs, "speedup", "limit", "max_req", "timeout")
	case fs.Changed("serve"):
		if conducts[o.server] == nil {
			return o, fmt.Errorf("--serve cannot be %s, which is not embedded", o.server)
		}
		_, port, err := net.SplitHostPort(o.serve)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil {
			return o, fmt.Errorf("--serve needs an address like localhost:8000, not %q", o.serve)
		}
		return o, goesWith(fs, "serve", "server")
	case o.dir == "":
		return o, errors.New("--dir needs a folder")
	case fs.Changed("url") && fs.Changed("server"):
		return o, errors.New("--url cannot be combined with --server")
	}
	o.ccList, err = expandCC(on("every"), on("all"), fs.Args(), limit.or(0))
	byDefault := o.generation.defaultReq
	if o.url != "" || conducts[o.server] == nil {
		byDefault = o.generation.politeReq
	}
	o.concurReq = min(maxReq.or(byDefault), o.generation.maxReq, len(o.ccList))
	o.selection, o.common = repeat(fs)
	return o, err
}

// defineOptions tells fs the options there are. Those that need more than to be
// stored in o are returned, or looked up by name.
func defineOptions(fs *pflag.FlagSet, o *options) (limit, maxReq *number) {
	fs.SortFlags = false
	fs.Usage = func() {}
	fs.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "-", "_"))
	})
	for _, name := range []string{"all", "every", "names", "verbose", "help", "speedup"} {
		shorthand := name[:1]
		if name == "speedup" {
			shorthand = ""
		}
		fs.VarPF(new(toggle), name, shorthand, "").NoOptDefVal = "true"
	}
	limit, maxReq = new(number), new(number)
	o.timeout = 3100 * time.Millisecond
	fs.VarP(limit, "limit", "l", "")
	fs.VarP(maxReq, "max_req", "m", "")
	fs.VarP(&choice{"NEAR", serverLabels()}, "server", "s", "")
	fs.VarP(&choice{"asyncio", generationNames()}, "generation", "g", "")
	fs.StringVarP(&o.dir, "dir", "d", "downloads", "")
	fs.VarP((*duration)(&o.timeout), "timeout", "t", "")
	fs.VarP((*address)(&o.url), "url", "u", "")
	fs.StringVar(&o.serve, "serve", "", "")
	return limit, maxReq
}

// sayUnknown replaces an error of pflag that takes a letter apart.
func sayUnknown(err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "" {
		letter, _ := utf8.DecodeRuneInString(unknown.GetSpecifiedShortnames())
		return fmt.Errorf("unknown option %q", "-"+string(letter))
	}
	return err
}

// goesWith refuses country codes, and options other than mode and those allowed.
func goesWith(fs *pflag.FlagSet, mode string, allowed ...string) (err error) {
	if fs.NArg() > 0 {
		return fmt.Errorf("--%s takes no country codes", mode)
	}
	fs.Visit(func(f *pflag.Flag) {
		if f.Name != mode && !slices.Contains(allowed, f.Name) && err == nil {
			err = fmt.Errorf("--%s cannot be combined with --%s", mode, f.Name)
		}
	})
	return err
}

// repeat returns the arguments that fs was given, in two parts, without that for
// the generation.
func repeat(fs *pflag.FlagSet) (selection, common []string) {
	fs.Visit(func(f *pflag.Flag) {
		arg := []string{"-" + f.Shorthand}
		if f.Value.Type() != "bool" {
			arg = append(arg, f.Value.String())
		} else if f.Value.String() == "false" {
			return
		}
		switch f.Name {
		case "generation":
		case "all", "every", "limit":
			selection = append(selection, arg...)
		default:
			common = append(common, arg...)
		}
	})
	return append(selection, fs.Args()...), common
}

// expandCC makes a sorted list of country codes of what the command line says,
// cut to limit if that is not 0. Every beats all, which beats the arguments; with
// none of them it is the 20 most populous countries.
func expandCC(every, all bool, args []string, limit int) ([]string, error) {
	var codes []string
	for _, arg := range args {
		cc := upper(arg)
		switch {
		case strings.Trim(cc, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(cc) < 1 || len(cc) > 2:
			return nil, fmt.Errorf("%q is not a country code: that is A to Z, or AA to ZZ", arg)
		case len(cc) == 1:
			codes = append(codes, startingWith(cc)...)
		default:
			codes = append(codes, cc)
		}
	}
	switch {
	case every:
		codes = nil
		for a := 'A'; a <= 'Z'; a++ {
			codes = append(codes, startingWith(string(a))...)
		}
	case all:
		codes = atlas.Codes()
	case len(args) == 0:
		codes = atlas.Pop20()
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
