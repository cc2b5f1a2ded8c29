package client

import (
	"encoding/base64"
	"net/url"

	"coloop/loop"

	"github.com/valyala/fasthttp"
)

// An Auth proves to a server who asks: [Basic], [Digest], [Netrc], or one of the user's own, for a token
// that has to be fetched, for example.
type Auth interface {
	// Authorization returns the value of the header field Authorization for r, "" for none. It
	// is called in the task before each request, and again if the reply is 401
	// (Unauthorized); r.Challenges is set then, and with "" that reply is the caller's.
	Authorization(y *loop.Yielder, r *AuthRequest) (string, error)
}

// An AuthRequest is a request that an [Auth] is asked about.
type AuthRequest struct {
	Method string
	Origin string // scheme://host, and :port unless that is the scheme's own
	URI    string // path and query, as they are sent

	// Body is the body that will be sent; Streamed says that it is a stream instead.
	Body     []byte
	Streamed bool

	// Challenges are the values of the fields WWW-Authenticate of a reply 401, and Answered is how
	// often such a reply to this request was answered before.
	Challenges []string
	Answered   int
}

// maxAnswers is how many challenges to one request are answered: to one for a new nonce, to one that
// has become stale meanwhile, and to one more.
const maxAnswers = 3

func (x *exchange) authRequest(challenges []string) *AuthRequest {
	return &AuthRequest{
		Method: x.method, Origin: x.to.origin, URI: x.to.uri,
		Body: x.body, Streamed: x.source != nil && x.req.BodyStream != nil,
		Challenges: challenges, Answered: x.session.answered,
	}
}

// answer makes x the request again that was answered by 401, if there is an answer to that.
func (x *exchange) answer(y *loop.Yielder) (again bool, err error) {
	s := x.session
	if s.answered == maxAnswers {
		return false, nil
	}
	challenges := []string{}
	for _, v := range x.reply.Header.PeekAll(fasthttp.HeaderWWWAuthenticate) {
		challenges = append(challenges, string(v))
	}
	s.answer, err = s.auth.Authorization(y, x.authRequest(challenges))
	if s.answer == "" || err != nil || !x.source.repeatable() {
		s.answer = ""
		return false, err
	}
	s.answered++
	return true, nil
}

// Basic returns the [Auth] of a user and a password that are sent with each request (RFC 7617).
func Basic(user, password string) Auth { return basicAuth(basic(user, password)) }

type basicAuth string

func (b basicAuth) Authorization(_ *loop.Yielder, r *AuthRequest) (string, error) {
	if r.Challenges != nil {
		return "", nil // it was sent already
	}
	return string(b), nil
}

// basic is the value of an Authorization field.
func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// basicOf is basic for the user of a URL.
func basicOf(u *url.Userinfo) string {
	password, _ := u.Password()
	return basic(u.Username(), password)
}
