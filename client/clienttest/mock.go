package clienttest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// A Mock answers requests by rules. The zero value has none, and refuses every request. It
// belongs to the goroutine of the loop, or to the one that makes it while no loop runs.
type Mock struct {
	rules []*Rule
	calls []*Call
}

var _ client.Sender = (*Mock)(nil)

// On adds a rule for requests that match a pattern, in the manner of [net/http.ServeMux]:
//
//	[METHOD ][SCHEME://][HOST]/[PATH][?QUERY]
//
// Without a method, scheme or host, any will do; GET matches HEAD too. A path matches as a
// whole, or if it ends in a slash all that begins with it. {name} matches one segment of the
// path, {name...} at the end all that are left, and {$} at the end nothing; see
// [Call.PathValue]. The request must have the values of the query, and may have others. Paths
// are compared as they are sent, without cleaning.
//
// A request is answered by the first rule that matches and is not used up. With several
// replies, each is for one request, in their order, and the rule is used up then. A single
// reply is for any number of requests; [Rule.Times] limits that. On panics if the pattern is
// malformed, or there is no reply.
func (m *Mock) On(pattern string, replies ...Reply) *Rule {
	p, err := parsePattern(pattern)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	if len(replies) == 0 || slices.Contains(replies, nil) {
		panic(fmt.Sprintf("clienttest: pattern %q: no reply", pattern))
	}
	r := &Rule{pattern: p, replies: replies, least: len(replies), most: len(replies)}
	if len(replies) == 1 {
		r.most = -1
	}
	m.rules = append(m.rules, r)
	return r
}

// A Rule says what the replies to some requests are.
type Rule struct {
	pattern     pattern
	replies     []Reply
	least, most int // how often it is to be used; most < 0: any number
	calls       []*Call
}

// Times has the rule be used n times: [Mock.Verify] fails if it is used less often, and then it is
// used up. Of several replies, the last is repeated, or some are left over. It returns r.
func (r *Rule) Times(n int) *Rule {
	r.least, r.most = n, n
	return r
}

// Maybe has [Mock.Verify] accept that the rule is used less often, or never. It returns r.
func (r *Rule) Maybe() *Rule {
	r.least = 0
	return r
}

// Calls returns the requests that the rule has answered, the first one first.
func (r *Rule) Calls() []*Call { return slices.Clone(r.calls) }

// String returns the pattern.
func (r *Rule) String() string { return r.pattern.text }

func (r *Rule) usedUp() bool { return r.most >= 0 && len(r.calls) >= r.most }

// Calls returns all requests so far, the first one first; those that were not expected too.
func (m *Mock) Calls() []*Call { return slices.Clone(m.calls) }

// Send answers a request. The error of one that is not expected lists those that are; a long list
// is whole in the error that it wraps, and in what [Mock.Verify] says.
func (m *Mock) Send(y *loop.Yielder, r *client.Request) (*client.Response, error) {
	call, err := newCall(y, r)
	if err != nil {
		return nil, err
	}
	m.calls = append(m.calls, call)
	for _, rule := range m.rules {
		if rule.usedUp() {
			continue
		}
		values, ok := rule.pattern.match(call.Method, call.URL)
		if !ok {
			continue
		}
		call.rule, call.values = rule, values
		rule.calls = append(rule.calls, call)
		return rule.answer(y, call)
	}
	return nil, &client.Error{Phase: client.PhaseRequest, Method: r.Method, URL: r.URL, Err: m.unexpected(call)}
}

// answer gives the reply whose turn it is. It must begin within the time that the request has
// for that.
func (r *Rule) answer(y *loop.Yielder, call *Call) (*client.Response, error) {
	reply := r.replies[min(len(r.calls), len(r.replies))-1]
	limit := loop.NewTimeout(y, call.firstByte)
	var resp *client.Response
	err := limit.Run(y, func() (err error) {
		resp, err = reply.reply(y, call)
		return err
	})
	if err != nil && limit.Expired() && !loop.IsCancelled(err) {
		return nil, call.fail(client.PhaseFirstByte, os.ErrDeadlineExceeded)
	}
	return resp, err
}

func (m *Mock) unexpected(call *Call) error {
	if len(m.rules) == 0 {
		return fmt.Errorf("unexpected request: no request is expected")
	}
	var all []string
	for _, rule := range m.rules {
		s := rule.pattern.text
		if rule.usedUp() {
			s += fmt.Sprintf(" (used up: %d of %d)", len(rule.calls), rule.most)
		}
		all = append(all, s)
	}
	return fmt.Errorf("unexpected request: expected is %s", strings.Join(all, " or "))
}

// Verify reports an error of the test for each rule that was used less often than it should be,
// and for each request that was not expected.
func (m *Mock) Verify(t testing.TB) {
	t.Helper()
	for _, rule := range m.rules {
		if n := len(rule.calls); n < rule.least {
			t.Errorf("clienttest: %s: asked %d times, want %d", rule, n, rule.least)
		}
	}
	for _, call := range m.calls {
		if call.rule == nil {
			t.Errorf("clienttest: %v: %v", call, m.unexpected(call))
		}
	}
}
