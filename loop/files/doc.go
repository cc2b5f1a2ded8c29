// Package files reads, writes and watches files without blocking an event loop. Its functions
// are those of package os, with the coroutine that runs, y, in front:
//
//	ReadFile  WriteFile  AppendFile  whole files
//	WriteFileAtomically  Replacer    the old file or the new one, never a part
//	Open  Create  OpenFile           a File, whose methods take y; File.IO is an io.Reader, io.Writer
//	CreateTemp  MkdirTemp            temporary ones
//	Stat  Lstat  Chmod  Truncate  Rename  Remove  RemoveAll  Mkdir  MkdirAll  Symlink  Readlink
//	ReadDir  Walk                    what is in a folder, and below it
//	NewWatcher                       changes, as they happen
//	Do                               any other blocking work on files
//
// A system call on a file blocks its thread, and epoll cannot tell when it would not. So each
// operation runs on a goroutine of the loop's executor (see [loop.RunInExecutor]), and the task
// waits for it. Errors are those of package os.
//
// An operation that is under way cannot be given up, because it uses the caller's buffers. If the
// task is cancelled before the operation has begun, it does not begin. If the task is cancelled
// later, the call waits for the operation to end and returns its result together with the
// cancellation; a file that was opened is closed then. asyncio has no files.
package files
