package client_test

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// An outcome is how a request for a script ended, with what every client can tell.
type outcome struct {
	Error    string   `json:"error,omitempty"` // error or timeout; then the rest is empty but for Next
	Status   int      `json:"status,omitempty"`
	Body     string   `json:"body,omitempty"`
	Fields   []string `json:"fields,omitempty"`
	Trailers []string `json:"trailers,omitempty"`

	// Next is how the request after that was answered: over the same connection
	// (kept), another one (fresh), or by something else that the script said. It is
	// "" if the script ends the connection or was a redirect that was followed.
	Next string `json:"next,omitempty"`
}

const (
	failed   = "error"
	timedOut = "timeout"
)

// framing are the fields that a client need not show: their effect is seen.
var framing = []string{"connection", "content-encoding", "content-length", "keep-alive", "trailer", "transfer-encoding"}

// addField adds a field in the form in which fields are compared.
func addField(to []string, name, value string) []string {
	name = strings.ToLower(name)
	if slices.Contains(framing, name) {
		return to
	}
	return append(to, fmt.Sprintf("%s: %s", short(name), short(strings.Trim(value, " \t"))))
}

// sortFields sorts by the name. The order of several of one name stays.
func sortFields(fields []string) []string {
	slices.SortStableFunc(fields, func(a, b string) int {
		a, _, _ = strings.Cut(a, ": ")
		b, _, _ = strings.Cut(b, ": ")
		return strings.Compare(a, b)
	})
	return fields
}

// short returns s as one line of text. It does not show the middle of a long one.
func short(s string) string {
	q := strconv.QuoteToASCII(s)
	q = strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	if len(q) > 64 {
		return fmt.Sprintf("%s…(%d bytes, crc %08x)", short(s[:12]), len(s), crc32.ChecksumIEEE([]byte(s)))
	}
	return q
}

// String returns all of the outcome. Two outcomes are the same if their Strings are.
func (o outcome) String() string {
	var s strings.Builder
	if o.Error != "" {
		s.WriteString(o.Error)
	} else {
		fmt.Fprintf(&s, "%d", o.Status)
		if o.Body != "" {
			fmt.Fprintf(&s, ` "%s"`, o.Body)
		}
		if len(o.Fields) > 0 {
			fmt.Fprintf(&s, " {%s}", list(o.Fields))
		}
		if len(o.Trailers) > 0 {
			fmt.Fprintf(&s, " trailers {%s}", list(o.Trailers))
		}
	}
	switch {
	case o.Next == "":
	case o.Error != "" && (o.Next == "fresh" || o.Next == "kept"): // either will do
	default:
		s.WriteString(", " + o.Next)
	}
	return s.String()
}

func list(fields []string) string {
	if len(fields) > 8 {
		return fmt.Sprintf("%s; … %d fields, crc %08x", fields[0], len(fields), crc32.ChecksumIEEE([]byte(strings.Join(fields, "\n"))))
	}
	return strings.Join(fields, "; ")
}

// follow returns what Next is after the answer o to the request for next.
func (o outcome) follow() string {
	switch {
	case o.Error != "":
		return "next: " + o.Error
	case o.Status == 200 && (o.Body == "kept" || o.Body == "fresh"):
		return o.Body
	}
	return fmt.Sprintf(`next: %d "%s"`, o.Status, o.Body)
}
