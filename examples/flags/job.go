package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A job is what a generation is given to do.
type job struct {
	ccList    []string
	baseURL   string
	concurReq int
	names     bool // of countries for the files
	folder    *folder
	timeout   time.Duration // for one request
	display   *display
}

// A generation is one of the three ways to do a job. Its downloadMany returns a
// tally of what was done, in which only the flags are missing that were not
// downloaded before the context was done.
type generation struct {
	name         string
	downloadMany func(context.Context, *job) (Tally, error)

	// Requests at a time: by default, by default with a server that is not the
	// program's own, and at most.
	defaultReq, politeReq, maxReq int
}

var generations = []generation{
	{"sequential", downloadManySequential, 1, 1, 1},
	{"threadpool", downloadManyThreadpool, 30, 30, 1000},
	{"asyncio", downloadManyAsyncio, 200, 5, 1000},
}

func generationNames() (names []string) {
	for _, g := range generations {
		names = append(names, g.name)
	}
	return names
}

func generationNamed(name string) generation {
	for _, g := range generations {
		if g.name == name {
			return g
		}
	}
	panic("no generation " + name)
}

func (j *job) flagURL(cc string) string {
	cc = strings.ToLower(cc)
	return fmt.Sprintf("%s/%s/%s.gif", j.baseURL, cc, cc)
}

func (j *job) metadataURL(cc string) string {
	return fmt.Sprintf("%s/%s/metadata.json", j.baseURL, strings.ToLower(cc))
}

// countryIn takes the name of a country from its metadata.json.
func countryIn(metadata []byte) (string, error) {
	var m struct{ Country string }
	if err := json.Unmarshal(metadata, &m); err != nil {
		return "", fmt.Errorf("metadata.json: %w", err)
	}
	if m.Country == "" {
		return "", fmt.Errorf("metadata.json: no country in %q", metadata)
	}
	return m.Country, nil
}
