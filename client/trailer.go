package client

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/valyala/fasthttp"
)

var errTrailerFraming = errors.New("a trailer needs a BodyStream without Length")

// checkTrailer checks the trailer of a request.
func checkTrailer(r *Request) error {
	if r.BodyStream == nil || r.Length != 0 {
		return errTrailerFraming
	}
	return checkFields(r.Trailer, false)
}

// announce names the fields of the trailer in the header h of the request. They get their values
// when the body has been read.
func (x *exchange) announce(h *fasthttp.RequestHeader) error {
	trailer := x.req.Trailer
	for _, key := range slices.Sorted(maps.Keys(trailer)) {
		if err := h.AddTrailer(key); err != nil {
			return fmt.Errorf("forbidden trailer %s", key)
		}
	}
	x.source.after = func() error {
		if err := checkFields(trailer, false); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(trailer)) {
			for _, v := range trailer[key] {
				h.Add(key, v)
			}
		}
		return nil
	}
	return nil
}
