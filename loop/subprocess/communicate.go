//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"

	"coloop/loop"
	"coloop/loop/netio"
)

// An Output is what a program has written to those of its standard streams that are pipes.
type Output struct{ Stdout, Stderr []byte }

// Communicate writes input to the standard input and closes it, reads the other pipes to their
// ends and closes them, and waits for the end of the process, all at the same time
// (Process.communicate). So it does not matter how much is written, or in which order.
//
// A program need not read its input: that is no error. One that ends with another number than 0
// is, an [exec.ExitError]; the output is returned all the same, as with every error. If there
// is more of it than [Options].Limit, the error is [ErrOutputLimit].
//
// If the task is cancelled, or the limit exceeded, the process and its pipes are left as they
// are, but what was read is gone from the pipes.
func (p *Process) Communicate(y *loop.Yielder, input []byte) (Output, error) {
	out, err := p.exchange(y, input)
	if err == nil {
		err = p.Wait(y)
	}
	return out, err
}

// exchange is Communicate without the end of the process.
func (p *Process) exchange(y *loop.Yielder, input []byte) (out Output, err error) {
	if len(input) > 0 && p.Stdin == nil {
		return out, fmt.Errorf("communicate with %v: there is input, but its standard input is not a Pipe", p)
	}
	var g loop.TaskGroup
	err = g.Run(y, func() error {
		if p.Stdin != nil {
			g.Go(func(*loop.Yielder) error { return feed(p.Stdin, input) })
		}
		for _, s := range []struct {
			from *netio.Conn
			to   *[]byte
		}{{p.Stdout, &out.Stdout}, {p.Stderr, &out.Stderr}} {
			if s.from != nil {
				g.Go(func(*loop.Yielder) (err error) {
					*s.to, err = p.drain(s.from)
					return err
				})
			}
		}
		return nil
	})
	// Each of these errors says enough by itself.
	if ge, ok := err.(*loop.GroupError); ok && len(ge.Errors) == 1 {
		err = ge.Errors[0]
	}
	return out, err
}

func feed(c *netio.Conn, input []byte) error {
	_, err := c.Write(input)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return c.Close()
}

// drain reads c to its end, and closes it.
func (p *Process) drain(c *netio.Conn) ([]byte, error) {
	r := io.Reader(c)
	if p.limit > 0 {
		r = io.LimitReader(c, int64(p.limit))
	}
	b, err := io.ReadAll(r)
	if err == nil && p.limit > 0 && len(b) == p.limit {
		var more [1]byte
		if n, e := c.Read(more[:]); n > 0 {
			err = fmt.Errorf("%v: %w of %d bytes", c.RemoteAddr(), ErrOutputLimit, p.limit)
		} else if e != io.EOF {
			err = e
		}
	}
	if err != nil {
		return b, err
	}
	return b, c.Close()
}

// Run runs a program to its end and returns its output; its input is empty. See [Options.Run].
func Run(y *loop.Yielder, name string, args ...string) (Output, error) {
	return Options{Stdin: DevNull, Stdout: Pipe, Stderr: Pipe}.Run(y, name, args...)
}

// Run runs a program to its end, and returns the output of the streams that are a [Pipe]
// (subprocess.run; trio.run_process). The errors are those of Exec and Communicate; an
// [exec.ExitError] has the standard error, too.
//
// Run does not leave the process behind: if the task is cancelled, or anything else goes wrong,
// it kills the process, or the whole of its group with [Options].Group, and returns once it has
// ended. With Group it also kills what the process has left running in the group when it ended
// by itself; that needs Linux 5.4 or later.
func (o Options) Run(y *loop.Yielder, name string, args ...string) (Output, error) {
	input := o.Input
	if input != nil {
		if o.Stdin != (Stdio{}) && o.Stdin != Pipe {
			return Output{}, fmt.Errorf("run %s: there is Input, and Stdin is something else", name)
		}
		o.Stdin, o.Input = Pipe, nil
	}
	p, err := o.Exec(y, name, args...)
	if err != nil {
		return Output{}, err
	}
	p.held = p.group
	out, err := p.exchange(y, input)
	if err == nil {
		err = p.wait(y)
	}
	err = p.finish(y, err)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		exit.Stderr = out.Stderr
	}
	if err != nil {
		err = fmt.Errorf("run %s: %w", name, err)
	}
	return out, err
}

// finish kills what is left of the process and reaps it; err is what has happened so far.
func (p *Process) finish(y *loop.Yielder, err error) error {
	p.closePipes()
	if !p.ended || p.held {
		_ = p.signal(syscall.SIGKILL) // fails if there is nobody left
	}
	for !p.ended {
		e := p.wait(y)
		if e != nil && !loop.IsCancelled(e) {
			return e // the loop is being closed, and does the rest
		}
		if e != nil && !loop.IsCancelled(err) {
			err = e
		}
	}
	if !p.reaped {
		p.bury()
	}
	if err == nil {
		err = p.err
	}
	return err
}
