// Package atlas draws the flags of the 194 countries in the country list of
// the flag downloader of Fluent Python, and knows their names.
//
// A flag is a fact about geometry: every entry of the tables in this package
// gives the proportions of one flag and the shapes on it, and [GIF] draws
// them. Proportions and colours are those of the flags in use; coats of arms
// and script are reduced to shapes that still read at 120 pixels.
package atlas

import (
	"encoding/json"
	"slices"
	"strings"
)

// A flag is one entry of the tables: a country and the picture that
// identifies it. The shapes are laid on a grid of w by h units, painted in
// order, the origin in the upper hoist corner and y growing downwards.
type flag struct {
	country string
	w, h    float64
	art     art
}

var continents = []map[string]flag{africa, americas, asia, europe, oceania}

var pop20 = []string{
	"CN", "IN", "US", "ID", "BR", "PK", "NG", "BD", "RU", "JP",
	"MX", "PH", "VN", "ET", "EG", "DE", "IR", "TR", "CD", "FR",
}

func find(cc string) (flag, bool) {
	cc = upper(cc)
	for _, c := range continents {
		if f, ok := c[cc]; ok {
			return f, true
		}
	}
	return flag{}, false
}

// upper is strings.ToUpper for the letters of codes only: that has ı become I.
func upper(cc string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r += 'A' - 'a'
		}
		return r
	}, cc)
}

// Codes returns the 194 country codes, two upper-case letters each, in
// alphabetical order. The caller owns the slice.
func Codes() []string {
	var codes []string
	for _, c := range continents {
		for cc := range c {
			codes = append(codes, cc)
		}
	}
	slices.Sort(codes)
	return codes
}

// Pop20 returns the codes of the 20 most populous countries, the largest
// first, in the order of the book. The caller owns the slice.
func Pop20() []string { return slices.Clone(pop20) }

// Name returns the English short name of the country with code cc, in either
// case, and whether there is one.
func Name(cc string) (string, bool) {
	f, ok := find(cc)
	return f.country, ok
}

// Metadata returns a JSON object with the members country and iso_cc, the
// name and the upper-case code of the country with code cc, in either case.
// It reports false if there is no such country.
func Metadata(cc string) ([]byte, bool) {
	f, ok := find(cc)
	if !ok {
		return nil, false
	}
	data, err := json.Marshal(struct {
		Country string `json:"country"`
		Code    string `json:"iso_cc"`
	}{f.country, upper(cc)})
	return data, err == nil
}

// GIF draws the flag of the country with code cc, in either case, and returns
// it as a single-frame GIF about 120 pixels high, in at most 64 colours. What
// lies outside a flag that is not rectangular is transparent. The bytes are
// the same on every call. Each call draws anew, in a few milliseconds, and
// may run beside others. It reports false if there is no such country.
func GIF(cc string) ([]byte, bool) {
	f, ok := find(cc)
	if !ok {
		return nil, false
	}
	return f.encode(), true
}
