// Package subprocess runs programs in an event loop, as asyncio.subprocess does: the tasks
// that wait for a process, read its output or write its input are parked. y is the coroutine
// that runs.
//
//	Run(y, "git", "log")              run to the end; its output
//	Exec(y, "sort", "-n")             start a program             create_subprocess_exec
//	Shell(y, "sort | uniq")           start a shell's command     create_subprocess_shell
//	Options{Stdin: Pipe}.Exec         with options; so Shell, Run
//	Pipe  DevNull  Stdout  File       what a stream can be        PIPE, DEVNULL, STDOUT
//	p.Stdin  p.Stdout  p.Stderr       the ends of the pipes
//	p.Wait(y)  p.ReturnCode()         the end                     wait, returncode
//	p.Communicate(y, input)           all three at once           communicate
//	p.Kill()  p.Terminate()           signals                     kill, terminate
//	p.SendSignal(sig)  p.Pid()                                    send_signal, pid
//	p.Close()                         close the pipes; kill it    transport.close
//
// Processes are waited for without a goroutine each on Linux, where the system gives out
// descriptors for processes (pidfd); elsewhere with one. Each process is reaped when it ends,
// whether or not anybody waits for it, so none is left as a zombie. Processes that still run when
// their loop is closed are killed.
//
// If the task in Wait or Communicate is cancelled, the process goes on, as in asyncio: put
// "defer p.Close()" after the start, which kills it. Run kills it by itself, and returns when it
// has ended. [coloop/loop.WithTimeout] around Run is a time-out.
package subprocess
