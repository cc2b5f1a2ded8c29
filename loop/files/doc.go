// Package files reads, writes and watches files without blocking an event loop. Its functions
// are those of package os, with the coroutine that runs, y, in front:
//
//	ReadFile  WriteFile  AppendFile   whole files
//	WriteFileAtomically  Replacer     the old file or the new one, never a part
//	Open  Create  OpenFile  File      an open file, whose methods take y
//	IO                                f.IO(y) is an io.Reader, io.Writer and so on
//	CreateTemp  MkdirTemp             temporary ones
//	Stat  Lstat  Chmod  Truncate      one file, by its name
//	Rename  Remove  RemoveAll
//	Mkdir  MkdirAll
//	Symlink  Readlink
//	ReadDir  Walk  Names  Glob        what is in a folder, and below it
//	NewWatcher  Watcher               changes, as they happen
//
// A system call on a file blocks its thread, and epoll cannot tell when it would not. So each
// operation is a job of the loop's executor (see [loop.RunToEnd], which is there for other work on
// files too), and the task waits for it. What reads or writes more than a megabyte is several jobs.
// Errors are those of package os.
//
// A job that is under way cannot be given up, because it uses the caller's buffers. If the task is
// cancelled before the job has begun, it does not begin. If the task is cancelled later, the call
// waits for the job to end and returns its result, how much was read or written for example,
// together with the cancellation. What it has opened is closed then. On a virtual clock, jobs take
// no time, and it stands still while a task waits for a Watcher. asyncio has no files.
package files
