// Package netio has the connections of an event loop: TCP, UDP and Unix sockets, pipes
// and terminals that park the task that uses them. y is the coroutine that runs.
//
//	Dial(y, "tcp", "localhost:http")    connect                create_connection
//	Dialer                              the same with options; its DialContext is for
//	                                    libraries that let their user dial
//	Listen(y, "tcp", "localhost:0")     listen; 0 is any port  start_server
//	ListenConfig                        the same with options
//	Serve(y, ln, handle)                a task for each        serve_forever
//	                                    connection of ln
//	Server                              the same with limits,  Server
//	                                    several addresses and
//	                                    Shutdown
//	Conn                                a net.Conn             sock_recv, sock_sendall
//	c.HandOver(y, l)                    move it to another loop
//	c.WaitRead()  c.ReadBy  c.WriteBy   without a buffer; deadlines on the loop's clock
//	c.Buffered()                        may an idle connection be used again?
//	c.TryRead  c.TryWrite               without parking, for callbacks
//	OpenConnection  NewStream(y, c)     lines, output that     open_connection
//	                                    never parks; Stream
//	DialTLS  ListenTLS  StartTLS        TLSConn, TLSListener;  start_tls
//	                                    also Dialer.ConnectTLS
//	LoadKeyPair(y, cert, key)           files that may change
//	c.CloseWrite()  c.CloseRead()       one direction          write_eof
//	c.Abort()                           the peer finds a reset transport.abort
//	c.ReadFrom(f)                       io.Copy by the system  sendfile
//	Listener                            a net.Listener         sock_accept
//	Pipe(y)  OpenPipe(y, name, flag)    a new pipe; a FIFO
//	FileConn(y, f)  AdoptFd             a terminal or pipe     connect_read_pipe
//	AdoptConn(y, c)  AdoptListener      those of package net
//	FileListener(y, f)                  a socket that listens  create_server
//	ListenPacket(y, "udp", ":0")        datagrams, UDP or      create_datagram_endpoint,
//	DialPacket(y, "udp", "host:9")      Unix; PacketConn       local_addr, remote_addr
//	c.ReadBatch(ms)  c.WriteBatch(ms)   several at once
//	LookupHost(y, "tcp", "localhost")   resolve a name         getaddrinfo
//	LookupPort(y, "tcp", "http")                               getservbyname
//	LookupAddr(y, "127.0.0.1")          the name of a host     getnameinfo
//	Resolver                            remembers the answers
//	Sockets                             the system calls, for simulated systems
//
// A [Conn] is a net.Conn, so code that reads and writes where it is called runs on it
// unchanged, in a task: bufio, textproto, the message code of net/http and of fasthttp.
// There are two conditions:
//
//   - It must not hold a Go lock, during a Read or Write, that a second task wants: the
//     lock would block the goroutine of them all, and no task could release it. For
//     crypto/tls, which does, there is [TLSConn], and for libraries that hold one during
//     a Write [Stream].
//   - It must not wait for goroutines of its own, which would stop the loop as well. A
//     library that does is called by [loop.Block]. Its goroutines may use connections of
//     the loop: a call on a goroutine that the loop does not know blocks only that one.
//
// LIBRARIES.md, beside this file, says what to write, and which libraries were tried.
//
// If the task is cancelled while it waits, the call returns its cancellation, wrapped
// in a net.OpError; [loop.IsCancelled] finds it.
package netio
