package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// upper is strings.ToUpper for ASCII only: that has ı become I, and ſ become S.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r += 'A' - 'a'
		}
		return r
	}, s)
}

// toggle is an option that is on or off.
type toggle bool

func (v *toggle) Set(s string) error {
	on, err := strconv.ParseBool(s)
	if err != nil {
		return errors.New("must be true or false")
	}
	*v = toggle(on)
	return nil
}

func (v *toggle) String() string   { return strconv.FormatBool(bool(*v)) }
func (v *toggle) Type() string     { return "bool" }
func (v *toggle) IsBoolFlag() bool { return true }

// maxNumber is more than enough for what is counted.
const maxNumber = 100_000

// number is an option that takes a whole number; 0 is that it is not given.
type number int

func (v *number) Set(s string) error {
	n, err := strconv.Atoi(s)
	switch {
	case err == nil && 1 <= n && n <= maxNumber:
		*v = number(n)
		return nil
	case err == nil || errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("must be from 1 to %d", maxNumber)
	}
	return errors.New("must be a whole number")
}

func (v *number) or(n int) int {
	if *v == 0 {
		return n
	}
	return int(*v)
}

func (v *number) String() string { return strconv.Itoa(int(*v)) }
func (v *number) Type() string   { return "N" }

// duration is an option that takes a time: 1.5s, or 1.5 for the same.
type duration time.Duration

var (
	seconds   = regexp.MustCompile(`^[-+]?[0-9]*\.?[0-9]*$`)
	timeSpans = regexp.MustCompile(`^[-+]?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`)
)

func (v *duration) Set(s string) error {
	if seconds.MatchString(s) {
		s += "s"
	}
	if !timeSpans.MatchString(s) {
		return errors.New("must be a time such as 2.5s or 300ms")
	}
	d, err := time.ParseDuration(s) // fails if it overflows
	if err != nil || d < time.Millisecond || d > 24*time.Hour {
		return errors.New("must be from 1ms to 24h")
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
}

func (v *choice) Set(s string) error {
	for _, word := range v.among {
		if upper(word) == upper(s) {
			v.value = word
			return nil
		}
	}
	return fmt.Errorf("must be one of %s", strings.Join(v.among, ", "))
}

func (v *choice) String() string { return v.value }
func (v *choice) Type() string   { return "NAME" }

// address is an option that takes the URL of a server, to which paths can be
// appended.
type address string

func (v *address) Set(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("must be an address like http://localhost:8000/flags")
	}
	if u.User != nil {
		return errors.New("must be without a user")
	}
	if strings.ContainsAny(s, "?#") {
		return errors.New("must be without a query (?) or fragment (#), for paths are appended to it")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return errors.New("must have a port from 1 to 65535")
	}
	u.Host = strings.TrimSuffix(u.Host, ":")
	*v = address(strings.TrimRight(u.String(), "/"))
	return nil
}

func (v *address) String() string { return string(*v) }
func (v *address) Type() string   { return "URL" }
