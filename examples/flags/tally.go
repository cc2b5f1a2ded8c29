package main

import (
	"errors"
	"fmt"
	"net/http"
)

// A DownloadStatus is what became of a flag.
type DownloadStatus int

const (
	OK DownloadStatus = iota
	NotFound
	Error
	statuses
)

// A Result is what the download of one flag came to.
type Result struct {
	CC     string
	Status DownloadStatus
	Err    error // why it is not OK
}

// resultOf classifies what download_one ended with.
func resultOf(cc string, err error) Result {
	var status *StatusError
	switch {
	case err == nil:
		return Result{cc, OK, nil}
	case errors.As(err, &status) && status.Code == http.StatusNotFound:
		return Result{cc, NotFound, err}
	default:
		return Result{cc, Error, err}
	}
}

// A Tally counts flags by what became of them.
type Tally [statuses]int

// Sum returns how many flags are accounted for.
func (t Tally) Sum() int { return t[OK] + t[NotFound] + t[Error] }

// A StatusError is a reply whose status is not 200.
type StatusError struct {
	URL  string
	Code int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("GET %s: status %d %s", e.URL, e.Code, http.StatusText(e.Code))
}
