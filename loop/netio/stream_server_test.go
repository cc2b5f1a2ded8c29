//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestServerKeptOutput: the output of a handler that has returned is written before its
// connection counts as ended. Shutdown waits for it as long as it waits for handlers, and a
// server that is cancelled or aborts its clients does not.
func TestServerKeptOutput(t *testing.T) {
	for _, end := range []string{"reads", "within", "cancelled", "aborted", "WriteTimeout", "WriteTimeout, handler waits"} {
		t.Run(end, func(t *testing.T) {
			netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
				var failure error
				handlerWaits := end == "WriteTimeout, handler waits"
				s := &Server{Handle: func(y *loop.Yielder, c *Conn) error {
					out := NewStream(y, c)
					mustWrite(t, out, noise(much))
					if handlerWaits {
						failure = out.Drain(y)
					}
					return nil
				}}
				if end == "WriteTimeout" || handlerWaits {
					s.WriteTimeout = time.Second
				}
				if err := s.Listen(y, "tcp", "127.0.0.1:0"); err != nil {
					return err
				}
				serving := loop.Spawn(y, s.ServeForever)
				c, err := Dial(y, "tcp", s.Listeners()[0].Addr().String())
				if err != nil {
					return err
				}
				for v := range s.open.all() {
					if err := stuck(y, v.conn.d); err != nil {
						return err
					}
				}
				if err := until(y, func() bool {
					for v := range s.open.all() {
						return v.task.Done() != handlerWaits && v.conn.d.lingers() != handlerWaits
					}
					return false
				}); err != nil {
					return err
				}
				if n := s.Stats().Conns; n != 1 {
					t.Errorf("%d connections", n)
				}
				all := int64(0)
				switch end {
				case "reads":
					shutdown := loop.Spawn(y, func(y *loop.Yielder) error { return s.Shutdown(y, time.Minute) })
					if err := loop.Sleep(y, 0); err != nil {
						return err
					}
					if shutdown.Done() {
						t.Error("Shutdown does not wait")
					}
					if all, err = io.Copy(io.Discard, c); all != much || err != nil {
						t.Errorf("%d bytes read, %v", all, err)
					}
					_, err = shutdown.Await(y)
					wantErr(t, "Shutdown", err, nil)
				case "within":
					shutdown := loop.Spawn(y, func(y *loop.Yielder) error { return s.Shutdown(y, time.Second) })
					if err := loop.Sleep(y, 0); err != nil {
						return err
					}
					looptest.Advance(y, time.Second)
					_, err = shutdown.Await(y)
					wantErr(t, "Shutdown", err, nil) // no handler was cancelled
				case "cancelled":
					cancel(y, t, "ServeForever", serving)
				case "aborted":
					s.Close()
					s.AbortClients()
					wantErr(t, "WaitClosed", s.WaitClosed(y), nil)
				default:
					for range 30 {
						looptest.Advance(y, time.Second/8)
						for range 20 {
							if err := loop.Sleep(y, 0); err != nil {
								return err
							}
						}
					}
					if handlerWaits {
						wantErr(t, "Drain", failure, os.ErrDeadlineExceeded)
					}
					if st := s.Stats(); st.Conns != 0 || st.TimedOut != 1 {
						t.Errorf("%+v", st)
					}
					s.Close()
				}
				if n := s.Stats().Conns; n != 0 {
					t.Errorf("%d connections afterwards", n)
				}
				if end != "cancelled" {
					_, err = serving.Await(y)
				}
				return errors.Join(err, c.Close())
			})
		})
	}
}
