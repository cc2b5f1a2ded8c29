//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// exampleConfigs returns configs of a server, which net/http/httptest has a certificate for, and of
// a client that trusts it.
func exampleConfigs() (server, client *tls.Config) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

func ExampleDialTLS() {
	serverConfig, clientConfig := exampleConfigs()
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.ListenTLS(y, "tcp", "localhost:0", serverConfig)
		if err != nil {
			return err
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			return ln.Serve(y, func(y *loop.Yielder, c *netio.TLSConn) error {
				_, err := io.Copy(c, c)
				return err
			})
		})
		c, err := netio.DialTLS(y, "tcp", ln.Addr().String(), clientConfig)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Println(tls.VersionName(c.ConnectionState().Version))
		fmt.Fprint(c, "hello")
		if err := c.CloseWrite(); err != nil {
			return err
		}
		answer, err := io.ReadAll(c)
		fmt.Println(string(answer), err)
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
	fmt.Println(err)
	// Output:
	// TLS 1.3
	// hello <nil>
	// <nil>
}

// A pool asks an idle connection before it is used again: the server has said more than the reply, and so
// the next reply would not be the one to the next request.
func ExampleTLSConn_Buffered() {
	serverConfig, clientConfig := exampleConfigs()
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), serverConfig, true)
		if err != nil {
			return err
		}
		fmt.Fprint(c, "reply")
		fmt.Fprint(c, "planted")
		return c.Close()
	}, func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), clientConfig, false)
		if err != nil {
			return err
		}
		reply := make([]byte, 5)
		if _, err := io.ReadFull(c, reply); err != nil {
			return err
		}
		if err := c.WaitRead(); err != nil {
			return err
		}
		fmt.Printf("%s; to be used again: %v\n", reply, !c.Buffered())
		return nil
	})
	fmt.Println(err)
	// Output:
	// reply; to be used again: false
	// <nil>
}

// While the task waits it needs no buffer.
func ExampleTLSConn_WaitRead() {
	serverConfig, clientConfig := exampleConfigs()
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), serverConfig, true)
		if err != nil {
			return err
		}
		if err := c.WaitRead(); err != nil {
			return err
		}
		request := make([]byte, 100)
		n, err := c.Read(request)
		fmt.Printf("%s\n", request[:n])
		return err
	}, func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), clientConfig, false)
		if err != nil {
			return err
		}
		fmt.Fprint(c, "hello")
		return c.CloseWrite()
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// The server says nothing, and so the handshake takes as long as the read deadline allows.
func ExampleTLSConn_ReadBy() {
	_, clientConfig := exampleConfigs()
	err := loop.Main(func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close()
		raw, err := netio.Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		if err := raw.ReadBy(raw.Loop().Time() + 10*time.Millisecond); err != nil {
			return err
		}
		c, err := netio.StartTLS(y, raw, clientConfig, false)
		if err != nil {
			fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
			return nil
		}
		return c.ReadBy(-1)
	})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// The config of a server says which certificate it shows.
func ExampleListenTLS() {
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := netio.ListenTLS(y, "tcp", "localhost:0", &tls.Config{})
		return err
	})
	fmt.Println(err)
	// Output:
	// listen with TLS: neither Certificates, GetCertificate, nor GetConfigForClient set in Config
}

// Two tasks share a TLSConn, which must not be done with a tls.Conn: one reads while the other
// writes more than the peer takes at once.
func ExampleTLSConn() {
	serverConfig, clientConfig := exampleConfigs()
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), serverConfig, true)
		if err != nil {
			return err
		}
		_, err = io.Copy(c, c)
		return err
	}, func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), clientConfig, false)
		if err != nil {
			return err
		}
		var tasks loop.TaskGroup
		return tasks.Run(y, func() error {
			tasks.Go(func(*loop.Yielder) error {
				n, err := io.Copy(io.Discard, c)
				fmt.Println(n)
				return err
			})
			if _, err := c.Write(make([]byte, 20<<20)); err != nil {
				return err
			}
			return c.CloseWrite()
		})
	})
	fmt.Println(err)
	// Output:
	// 20971520
	// <nil>
}

// A conversation begins in the clear and goes on over TLS, as that of SMTP.
func ExampleStream_StartTLS() {
	serverConfig, clientConfig := exampleConfigs()
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		for line, err := range s.Lines(y) {
			if err != nil {
				return err
			}
			s.Write([]byte("220 go ahead\n"))
			if string(line) == "STARTTLS\n" {
				if err := s.StartTLS(y, serverConfig, true); err != nil {
					return err
				}
			}
		}
		return nil
	}, func(y *loop.Yielder, s *netio.Stream) error {
		for _, command := range []string{"STARTTLS\n", "MAIL\n"} {
			s.Write([]byte(command))
			answer, err := s.ReadLine(y)
			if err != nil {
				return err
			}
			_, secret := s.NetConn().(*netio.TLSConn)
			fmt.Printf("%v %s", secret, answer)
			if !secret {
				if err := s.StartTLS(y, clientConfig, false); err != nil {
					return err
				}
			}
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// false 220 go ahead
	// true 220 go ahead
	// <nil>
}

// A library that wants a net.Conn gets TLS on a connection that is there already.
func ExampleStartTLS() {
	serverConfig, clientConfig := exampleConfigs()
	err := talk(func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), serverConfig, true)
		if err != nil {
			return err
		}
		fmt.Fprint(c, "hello")
		return c.Close()
	}, func(y *loop.Yielder, s *netio.Stream) error {
		c, err := netio.StartTLS(y, s.NetConn(), clientConfig, false)
		if err != nil {
			return err
		}
		all, err := io.ReadAll(c)
		fmt.Println(string(all))
		return err
	})
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
}

// A server that shows the certificate of files, which another program may replace.
func ExampleKeyPair() {
	serve := func(y *loop.Yielder, certFile, keyFile string) error {
		pair, err := netio.LoadKeyPair(y, certFile, keyFile)
		if err != nil {
			return err
		}
		ln, err := netio.ListenTLS(y, "tcp", ":443", &tls.Config{GetCertificate: pair.GetCertificate})
		if err != nil {
			return err
		}
		return ln.Serve(y, func(y *loop.Yielder, c *netio.TLSConn) error {
			_, err := io.Copy(c, c)
			return err
		})
	}
	err := loop.Main(func(y *loop.Yielder) error { return serve(y, "cert.pem", "key.pem") })
	fmt.Println(err)
	// Output:
	// load the key pair of cert.pem: open cert.pem: no such file or directory
}
