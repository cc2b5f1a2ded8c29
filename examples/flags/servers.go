package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"coloop/examples/flags/flagserver"
)

// remoteURL is where the book's own flags are.
const remoteURL = "https://www.fluentpython.com/data/flags"

// conducts are the embedded servers.
var conducts = map[string]flagserver.Conduct{
	"NEAR":  flagserver.Delayed(100 * time.Millisecond),
	"LOCAL": flagserver.Prompt,
	"DELAY": flagserver.Delayed(time.Second),
	"ERROR": flagserver.Faulty(500*time.Millisecond, rand.Float64),
}

func serverLabels() []string {
	labels := []string{"REMOTE"}
	for label := range conducts {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return labels
}

// openServer returns the URL of the server that the options say, starting it if
// it is an embedded one, and what ends it.
func openServer(o options) (url string, stop func(), err error) {
	switch {
	case o.url != "":
		return o.url, func() {}, nil
	case o.server == "REMOTE":
		return remoteURL, func() {}, nil
	}
	// A real server does not paint its flags while a client waits.
	s, err := flagserver.Start("127.0.0.1:0", conducts[o.server], o.ccList...)
	if err != nil {
		return "", nil, err
	}
	return s.URL(), func() { _ = s.Close() }, nil
}
