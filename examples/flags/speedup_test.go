package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"coloop/examples/flags/flagserver"
)

func TestSpeedup(t *testing.T) {
	url := serveWith(t, flagserver.Prompt)
	var out strings.Builder
	o := options{speedup: 21, concurReq: 21, timeout: time.Minute}
	if err := measure(o, url, &out); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?s)^one at a time .* \(extrapolated: 20 took .*\nnew connections .* times faster.*\nopen connections .* times faster.*\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("report is\n%s", &out)
	}
}

func TestSpeedupFails(t *testing.T) {
	url := serveWith(t, func() (time.Duration, int) { return 0, 418 })
	o := options{speedup: 4, concurReq: 4, timeout: time.Minute}
	err := measure(o, url, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("error %v, want status 418", err)
	}
}
