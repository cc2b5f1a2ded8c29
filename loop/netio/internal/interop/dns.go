package main

import (
	"context"
	"net"

	"coloop/loop"
	"coloop/loop/netio"

	"github.com/miekg/dns"
)

// DNS: a server of miekg/dns's on a datagram socket of the loop, for two clients.

// withDNS calls try while a server knows the addresses of all names.
func withDNS(e *env, try func(address string) error) error {
	c, err := netio.ListenPacket(e.y, "udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer c.Close()
	started := make(chan struct{})
	server := &dns.Server{PacketConn: c, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			header := dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}
			m.Answer = []dns.RR{&dns.A{Hdr: header, A: net.IPv4(192, 0, 2, 1)}}
		}
		_ = w.WriteMsg(m)
	})}
	served := make(chan error, 1)
	go func() { served <- server.ActivateAndServe() }()
	if err := block(e.y, func(context.Context) error { <-started; return nil }); err != nil {
		return err
	}
	if err := try(c.LocalAddr().String()); err != nil {
		return err
	}
	return block(e.y, func(ctx context.Context) error {
		if err := server.ShutdownContext(ctx); err != nil {
			return err
		}
		return <-served
	})
}

func tryDNS(e *env) error {
	return withDNS(e, func(address string) error {
		return e.together(4, func(y *loop.Yielder, i int) error {
			c, err := netio.DialPacket(y, "udp", address)
			if err != nil {
				return err
			}
			defer c.Close()
			q := new(dns.Msg).SetQuestion("host.test.", dns.TypeA)
			m, _, err := new(dns.Client).ExchangeWithConn(q, &dns.Conn{Conn: c})
			if err != nil {
				return err
			}
			if err := want("the answers", len(m.Answer), 1); err != nil {
				return err
			}
			return want("an answer", m.Answer[0].(*dns.A).A.String(), "192.0.2.1")
		})
	})
}

func tryResolver(e *env) error {
	return withDNS(e, func(address string) error {
		r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return e.dial.DialContext(ctx, network, address)
		}}
		return e.together(4, func(y *loop.Yielder, i int) error {
			return block(y, func(ctx context.Context) error {
				addrs, err := r.LookupHost(ctx, "host.test.")
				if err != nil {
					return err
				}
				if err := want("the addresses", len(addrs), 1); err != nil {
					return err
				}
				return want("an address", addrs[0], "192.0.2.1")
			})
		})
	})
}
