// Command flags downloads pictures of flags: the program of chapters 17 and 18
// of Fluent Python (20 and 21 of its second edition), in the three generations
// that it has there: sequential, with a pool of threads (of goroutines, here), and
// with an event loop. It brings its own servers.
//
//	go run ./examples/flags --help
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"coloop/examples/flags/atlas"
	"coloop/examples/flags/flagserver"
	"coloop/loop"

	"github.com/spf13/pflag"
)

// Exit statuses. A program that is ended by a signal has that of stopped.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	// A reader of the reports who leaves, such as head, must not end the program
	// in the middle of a file.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. A report that cannot be written makes it fail, but not end:
// the flags are what it is for.
func run(args []string, stdout, stderr io.Writer) (exit int) {
	out, errs := &stream{Writer: stdout, name: "standard output"}, &stream{Writer: stderr, name: "standard error"}
	exit = do(args, out, errs)
	for _, s := range []*stream{out, errs} {
		if s.err != nil {
			fmt.Fprintf(stderr, "flags: cannot write to %s: %v\n", s.name, reason(s.err))
			exit = max(exit, exitFailed)
		}
	}
	return exit
}

func do(args []string, stdout, stderr *stream) (exit int) {
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(stdout, help)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "%s\nflags: error: %v (see --help)\n", usageLine, err)
		return exitUsage
	case o.serve != "":
		err = serve(o, stdout)
	case o.speedup > 0:
		err = speedup(o, stdout)
	default:
		err = download(o, stdout, stderr)
	}
	return finish(err, stderr)
}

// errIncomplete is that some flags failed, which has been reported.
var errIncomplete = errors.New("some flags failed")

// finish says why the program ends, and returns its exit status.
func finish(err error, stderr io.Writer) (exit int) {
	if errors.Is(err, loop.ErrInterrupted) {
		err = stopped{syscall.SIGINT}
	}
	var signal stopped
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errIncomplete):
		return exitFailed
	case errors.As(err, &signal):
		exit = signal.exitStatus()
	default:
		exit = exitFailed
	}
	fmt.Fprintln(stderr, "flags:", err)
	return exit
}

// download does what the program is for.
func download(o options, stdout, stderr *stream) error {
	folder := newFolder(o.dir)
	ctx, stop := untilStopped(folder.abandon)
	defer stop()
	defer folder.close()
	if err := folder.open(); err != nil {
		finalReport(stdout, o, Tally{}, 0)
		return err
	}
	baseURL, closeServer, err := openServer(o)
	if err != nil {
		return err
	}
	defer closeServer()
	initialReport(stdout, o, baseURL)
	show := newDisplay(stdout, stderr, o.verbose, len(o.ccList))
	start := time.Now()
	tally, err := o.generation.downloadMany(ctx, &job{
		ccList: o.ccList, baseURL: baseURL, concurReq: o.concurReq, names: o.names,
		folder: folder, timeout: o.timeout, display: show,
	})
	elapsed := time.Since(start)
	show.close(stderr)
	if !o.verbose {
		reportErrors(stderr, show.errors)
	}
	finalReport(stdout, o, tally, elapsed)
	// The loop may be the first to notice Ctrl-C.
	if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, loop.ErrInterrupted)) {
		return cause
	}
	switch {
	case err != nil:
		return err
	case tally[OK] > 0:
		reportNext(stdout, o.next())
	}
	if tally[Error] > 0 {
		return errIncomplete
	}
	return nil
}

// serve runs an embedded server for others until Ctrl-C.
func serve(o options, stdout *stream) error {
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	defer signal.Stop(interrupt)
	s, err := flagserver.Start(o.serve, conducts[o.server], atlas.Codes()...)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s server: %s (Ctrl-C ends it)\n", o.server, s.URL())
	if stdout.err == nil { // else nobody knows the address
		<-interrupt
	}
	return s.Close()
}
