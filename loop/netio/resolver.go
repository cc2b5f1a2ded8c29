//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"weak"

	"coloop/loop"
)

// maxLookups is how many names a loop looks up at the same time. Look-ups have goroutines of
// their own, so that jobs of the loop's executor do not hold them up.
const maxLookups = 64

// answerTTL is how long an answer is remembered, as aiohttp does. The system does not say how
// long it is good for.
const answerTTL = 10 * time.Second

// maxAnswers is how many answers a Resolver remembers for a loop.
const maxAnswers = 1000

// A Resolver resolves names of hosts for a [Dialer] (loop.getaddrinfo). It remembers the
// answers, and several look-ups of the same name at the same time are one. It may be used
// in tasks of several loops, and remembers the answers for each apart. It must not be
// copied, and its fields must not be changed once it is in use.
//
// Failures are not remembered. An answer is forgotten if the host could not be connected to.
type Resolver struct {
	_ noCopy

	// Lookup returns the addresses of a host; network is "ip", "ip4" or "ip6". It is called on a
	// goroutine of its own, and may block; ctx is done when nobody waits for the answer any
	// more. The method LookupNetIP of a net.Resolver fits. Nil means the system's.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

	// TTL is how long an answer is remembered, on the loop's clock; 0 means 10 s. If it is
	// negative, answers are not remembered.
	TTL time.Duration

	mu    sync.Mutex
	loops map[weak.Pointer[loop.Loop]]*lookups
}

// shared is the Resolver of all Dialers that have none.
var shared Resolver

// lookups are those of one loop. They belong to its goroutine.
type lookups struct {
	executor *loop.Executor
	flights  map[question]*flight
	answers  map[question]*answer
	order    []*answer // the oldest first, with some that answers has no more
}

type question struct{ family, host string }

type answer struct {
	question
	ips     []netip.Addr
	expires time.Duration
}

// flight is a look-up under way.
type flight struct {
	job     *loop.Future[[]netip.Addr]
	cancel  context.CancelFunc
	waiters int
	done    bool
	ips     []netip.Addr
	err     error
	lot     loop.ParkingLot
}

// LookupHost resolves a host name for network "tcp", "tcp4" or "tcp6" (loop.getaddrinfo), as
// [Resolver.LookupHost] of the Resolver that all Dialers share.
func LookupHost(y *loop.Yielder, network, host string) ([]netip.Addr, error) {
	return shared.LookupHost(y, network, host)
}

// LookupHost returns the addresses of a host for network "tcp", "tcp4" or "tcp6", and parks
// the task until they are known. Once no task waits for a look-up, it is cancelled. An IP
// address stands for itself.
func (res *Resolver) LookupHost(y *loop.Yielder, network, host string) ([]netip.Addr, error) {
	family, ok := families[network]
	if !ok {
		return nil, net.UnknownNetworkError(network)
	}
	r, err := place(y)
	if err != nil {
		return nil, err
	}
	return res.lookup(y, r, family, host)
}

// lookup is LookupHost for a family. If y is nil, it does not wait.
func (res *Resolver) lookup(y *loop.Yielder, r resolved, family, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip = ip.Unmap(); !of(ip, family) {
			return nil, &net.AddrError{Err: "no suitable address", Addr: host}
		}
		return []netip.Addr{ip}, nil
	}
	if r.loop.Closed() {
		return nil, loop.ErrClosed
	}
	q := question{family, strings.ToLower(host)}
	at := res.at(r.loop)
	at.expire(r.loop.Time())
	if a := at.answers[q]; a != nil {
		return slices.Clone(a.ips), nil
	}
	if y == nil {
		return nil, errUnknown
	}
	f := at.flights[q]
	if f == nil {
		f = res.fly(y.Context(), r, at, q, host)
	}
	f.waiters++
	for !f.done {
		if _, err := f.lot.Park(y, nil); err != nil {
			if f.waiters--; f.waiters == 0 && !f.done {
				at.land(q, f)
				f.cancel()
				f.job.Cancel()
			}
			return nil, err
		}
	}
	return slices.Clone(f.ips), f.err
}

// fly begins a look-up, with the values of ctx.
func (res *Resolver) fly(ctx context.Context, r resolved, at *lookups, q question, host string) *flight {
	lookup := r.sockets.LookupIP
	ttl := answerTTL
	if res = res.or(); res.Lookup != nil {
		lookup = res.Lookup
	}
	if res.TTL != 0 {
		ttl = res.TTL
	}
	f := &flight{lot: loop.ParkingLot{Kind: "LookupHost", Owner: host}}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.job = loop.RunInExecutor(r.loop, at.executor, func() ([]netip.Addr, error) {
		ips, err := lookup(ctx, q.family, host)
		var fit []netip.Addr
		for _, ip := range ips {
			if ip = ip.Unmap(); of(ip, q.family) {
				fit = append(fit, ip)
			}
		}
		if err == nil && fit == nil {
			err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return fit, err
	})
	f.job.AddDoneCallback(func(job *loop.Future[[]netip.Addr]) {
		f.cancel()
		at.land(q, f)
		f.done = true
		if f.ips, f.err = job.Result(); f.err == nil && ttl > 0 {
			at.remember(&answer{q, f.ips, after(r.loop, ttl)})
		}
		for range f.lot.Len() {
			f.lot.Unpark()
		}
	})
	at.flights[q] = f
	return f
}

// land notes that a look-up is over.
func (at *lookups) land(q question, f *flight) {
	if at.flights[q] == f {
		delete(at.flights, q)
	}
}

func (at *lookups) remember(a *answer) {
	for len(at.order) >= maxAnswers {
		at.drop()
	}
	at.answers[a.question] = a
	at.order = append(at.order, a)
}

// expire forgets the answers that are too old.
func (at *lookups) expire(now time.Duration) {
	for len(at.order) > 0 {
		if a := at.order[0]; at.answers[a.question] == a && a.expires > now {
			return
		}
		at.drop()
	}
}

// drop forgets the oldest answer.
func (at *lookups) drop() {
	a := at.order[0]
	at.order[0], at.order = nil, at.order[1:]
	if at.answers[a.question] == a {
		delete(at.answers, a.question)
	}
}

// forget forgets the addresses of a host that could not be connected to.
func (res *Resolver) forget(l *loop.Loop, network, address string) {
	if host, _, err := net.SplitHostPort(address); err == nil {
		delete(res.at(l).answers, question{families[network], strings.ToLower(host)})
	}
}

// or returns res, or the shared Resolver if it is nil.
func (res *Resolver) or() *Resolver {
	if res == nil {
		return &shared
	}
	return res
}

// at returns the look-ups of l.
func (res *Resolver) at(l *loop.Loop) *lookups {
	res = res.or()
	key := weak.Make(l)
	res.mu.Lock()
	defer res.mu.Unlock()
	if at := res.loops[key]; at != nil {
		return at
	}
	executor, err := loop.NewExecutor(maxLookups)
	if err != nil {
		panic(err) // the number is not negative
	}
	at := &lookups{executor: executor, flights: map[question]*flight{}, answers: map[question]*answer{}}
	if res.loops == nil {
		res.loops = make(map[weak.Pointer[loop.Loop]]*lookups)
	}
	res.loops[key] = at
	maker := weak.Make(res)
	runtime.AddCleanup(l, func(key weak.Pointer[loop.Loop]) {
		if res := maker.Value(); res != nil {
			res.mu.Lock()
			defer res.mu.Unlock()
			delete(res.loops, key)
		}
	}, key)
	return at
}
