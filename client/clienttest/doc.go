// Package clienttest is for tests of programs that use package client: their requests are
// answered without a network, by senders that take its place (see [client.Client.Sender]).
// Everything above the network, redirects for example, is done as ever. Delays are on the
// loop's clock, so a test on a virtual one takes no time (package loop/looptest).
//
//	m := &clienttest.Mock{}             replies by method and URL
//	c := &client.Client{Sender: m}
//	m.On("/users/{id}", r)              … to such a request; see On for patterns
//	m.On(p, r1, r2)  .Times(n)          … one after the other; so often
//	Status  Text  JSON  Bytes  Body     replies, with more fields by Header, Trailer
//	Fail(phase, err)                    an error, as the network would fail
//	Func(f)  Serve(handler)             made of the request: Call
//	Delay(d, r)  Hang()                 … later; never
//	m.Calls()  m.Verify(t)              what was asked; whether it was as said
//
//	Handler(h)                          an http.Handler in the place of the network
//
//	NewRecorder(name, c)  Recorder      real exchanges, written to a file
//	OpenReplay(y, name)  Replay         … and played from it
package clienttest
