package main

import (
	"context"
	"io"
	"net/http"
)

// The first generation: one flag after the other. A request blocks the goroutine,
// and so the program, until there is a reply.

// blocking is what the first two generations have in common, functions that
// block. They may be called on several goroutines at once.
type blocking struct {
	*job
	client *http.Client
}

func newBlocking(j *job) blocking {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = j.concurReq
	return blocking{j, &http.Client{Transport: transport, Timeout: j.timeout}}
}

func (d blocking) httpGet(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{url, resp.StatusCode}
	}
	return io.ReadAll(resp.Body)
}

func (d blocking) getFlag(ctx context.Context, cc string) ([]byte, error) {
	return d.httpGet(ctx, d.flagURL(cc))
}

func (d blocking) getCountry(ctx context.Context, cc string) (string, error) {
	metadata, err := d.httpGet(ctx, d.metadataURL(cc))
	if err != nil {
		return "", err
	}
	return countryIn(metadata)
}

// downloadOne downloads and saves one flag. The error is that of ctx.
func (d blocking) downloadOne(ctx context.Context, cc string) (Result, error) {
	image, err := d.getFlag(ctx, cc)
	name := cc
	if err == nil && d.names {
		name, err = d.getCountry(ctx, cc)
	}
	if err == nil {
		err = d.folder.save(filename(name), image)
	} else if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	return resultOf(cc, err), nil
}

func downloadManySequential(ctx context.Context, j *job) (tally Tally, err error) {
	d := newBlocking(j)
	defer d.client.CloseIdleConnections()
	for _, cc := range j.ccList {
		res, err := d.downloadOne(ctx, cc)
		if err != nil {
			break
		}
		tally[res.Status]++
		j.display.show(res)
	}
	return tally, nil
}
