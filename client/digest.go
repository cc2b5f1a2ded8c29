package client

import (
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"coloop/loop"
)

// Digest returns the [Auth] of a user and a password that are not sent: they are proved by a hash
// of them and of a nonce that the server gives (RFC 7616: MD5, SHA-256 and SHA-512-256, each with -sess or
// without; qop auth and auth-int, and none as in RFC 2069). The first request to an origin is
// answered by 401 and sent again; later ones are right at once, until the server has
// another nonce. The integrity of the body, auth-int, is proved only if the server does not offer
// auth, and needs a Body: for a BodyStream it is an error.
//
// The Auth remembers the nonces, so it should be used for more than one request. It belongs to the
// goroutine of the loop.
func Digest(user, password string) Auth { return &digestAuth{user: user, password: password} }

type digestAuth struct {
	user, password string
	nonces         map[string]*nonce // by origin
}

// maxNonces is how many origins are remembered.
const maxNonces = 64

// A nonce is what a server has sent for proofs to be made with.
type nonce struct {
	realm, nonce, opaque, algorithm string
	hash                            func() hash.Hash
	session                         bool // -sess
	qop                             string
	userhash                        bool
	count                           uint32
}

var errIntegrity = errors.New("digest: the server wants the integrity of the body proved (auth-int), and that is a stream")

func (d *digestAuth) Authorization(y *loop.Yielder, r *AuthRequest) (string, error) {
	if r.Challenges != nil {
		n, stale := chooseDigest(r.Challenges)
		if n == nil || r.Answered > 0 && !stale {
			delete(d.nonces, r.Origin)
			return "", nil
		}
		if old := d.nonces[r.Origin]; old != nil && old.nonce == n.nonce {
			n.count = old.count // it must not be used twice
		}
		if d.nonces == nil || len(d.nonces) >= maxNonces {
			d.nonces = make(map[string]*nonce)
		}
		d.nonces[r.Origin] = n
	}
	n := d.nonces[r.Origin]
	switch {
	case n == nil:
		return "", nil
	case n.qop == "auth-int" && r.Streamed:
		return "", errIntegrity
	}
	n.count++
	proof := *n
	if n.qop != "auth-int" || len(r.Body) <= maxHashed {
		return proof.prove(d.user, d.password, r, rand.Text()), nil
	}
	return loop.RunToEnd(y, nil, func() (string, error) {
		return proof.prove(d.user, d.password, r, rand.Text()), nil
	})
}

// maxHashed is how long a body may be to be hashed on the loop, in about a millisecond.
const maxHashed = 1 << 20

// prove returns the Authorization of a request (RFC 7616, section 3.4).
func (n *nonce) prove(user, password string, r *AuthRequest, cnonce string) string {
	h := func(parts ...string) string {
		h := n.hash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	a1 := h(user, n.realm, password)
	if n.session {
		a1 = h(a1, n.nonce, cnonce)
	}
	a2 := h(r.Method, r.URI)
	if n.qop == "auth-int" {
		body := n.hash()
		body.Write(r.Body)
		a2 = h(r.Method, r.URI, hex.EncodeToString(body.Sum(nil)))
	}
	if n.userhash {
		user = h(user, n.realm)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Digest username=%s, realm=%s, nonce=%s, uri=%s", quoted(user), quoted(n.realm), quoted(n.nonce), quoted(r.URI))
	if n.algorithm != "" {
		fmt.Fprintf(&b, ", algorithm=%s", n.algorithm)
	}
	response := ""
	if n.qop == "" {
		response = h(a1, n.nonce, a2)
	} else {
		count := fmt.Sprintf("%08x", n.count)
		response = h(a1, n.nonce, count, cnonce, n.qop, a2)
		fmt.Fprintf(&b, ", qop=%s, nc=%s, cnonce=%s", n.qop, count, quoted(cnonce))
	}
	if n.opaque != "" {
		fmt.Fprintf(&b, ", opaque=%s", quoted(n.opaque))
	}
	if n.userhash {
		b.WriteString(", userhash=true")
	}
	fmt.Fprintf(&b, ", response=%s", quoted(response))
	return b.String()
}

// chooseDigest returns the nonce of the first challenge that can be answered, nil if there is none.
func chooseDigest(fields []string) (n *nonce, stale bool) {
	for _, field := range fields {
		for _, c := range challenges(field) {
			if !strings.EqualFold(c.scheme, "Digest") || c.params["nonce"] == "" {
				continue
			}
			n := &nonce{
				realm: c.params["realm"], nonce: c.params["nonce"], opaque: c.params["opaque"], algorithm: c.params["algorithm"],
				userhash: strings.EqualFold(c.params["userhash"], "true"),
			}
			if n.choose(c.params["qop"]) {
				return n, strings.EqualFold(c.params["stale"], "true")
			}
		}
	}
	return nil, false
}

// choose chooses how to answer, and reports whether it can be done.
func (n *nonce) choose(qop string) bool {
	name, session := strings.CutSuffix(strings.ToUpper(n.algorithm), "-SESS")
	n.session = session
	switch cmp.Or(name, "MD5") {
	case "MD5":
		n.hash = md5.New
	case "SHA-256":
		n.hash = sha256.New
	case "SHA-512-256":
		n.hash = sha512.New512_256
	default:
		return false
	}
	if qop == "" {
		return true
	}
	offered := strings.FieldsFunc(strings.ToLower(qop), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	for _, n.qop = range []string{"auth", "auth-int"} {
		if slices.Contains(offered, n.qop) {
			return true
		}
	}
	return false
}

// A challenge is a way to prove who asks that a server offers (RFC 9110, section 11.3).
type challenge struct {
	scheme string
	params map[string]string // by lower-case name
}

// challenges parses a field WWW-Authenticate, which may have more than one. What is malformed, and all
// after it, is left out.
func challenges(field string) (all []challenge) {
	for s := field; ; {
		s = strings.TrimLeft(s, " \t,")
		name, rest := cutToken(s)
		if name == "" {
			return all
		}
		s = strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(s, "=") {
			all = append(all, challenge{name, map[string]string{}})
			s = skipToken68(s)
			continue
		}
		value, rest, ok := cutValue(strings.TrimLeft(s[1:], " \t"))
		if !ok || len(all) == 0 {
			return all
		}
		all[len(all)-1].params[strings.ToLower(name)] = value
		s = rest
	}
}

// cutToken cuts a token off s.
func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && isToken(s[n:n+1]) {
		n++
	}
	return s[:n], s[n:]
}

// skipToken68 skips what some schemes have in the place of parameters.
func skipToken68(s string) string {
	n := 0
	for n < len(s) && (isToken(s[n:n+1]) || s[n] == '/') {
		n++
	}
	rest := strings.TrimLeft(strings.TrimLeft(s[n:], "="), " \t")
	if rest == "" || rest[0] == ',' {
		return rest
	}
	return s
}

// cutValue cuts a token or a quoted string off s.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// quoted returns s as a quoted string, byte for byte.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
