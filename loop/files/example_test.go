package files_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"coloop/loop"
	"coloop/loop/files"
)

// inFolder runs fn in a task, with a folder for it.
func inFolder(fn func(y *loop.Yielder, dir string) error) {
	err := loop.Main(func(y *loop.Yielder) error {
		dir, err := files.MkdirTemp(y, "", "example")
		if err != nil {
			return err
		}
		return errors.Join(fn(y, dir), files.RemoveAll(y, dir))
	})
	if err != nil {
		fmt.Println(err)
	}
}

// Two files are read at the same time.
func Example() {
	inFolder(func(y *loop.Yielder, dir string) error {
		var reads []func(*loop.Yielder) ([]byte, error)
		for _, name := range []string{"one", "two"} {
			path := filepath.Join(dir, name)
			if err := files.WriteFile(y, path, []byte("this is "+name), 0o644); err != nil {
				return err
			}
			reads = append(reads, func(y *loop.Yielder) ([]byte, error) { return files.ReadFile(y, path) })
		}
		data, err := loop.Gather(y, reads...).Await(y)
		fmt.Printf("%s\n", data)
		return err
	})
	// Output: [this is one this is two]
}

func ExampleReadFile() {
	inFolder(func(y *loop.Yielder, dir string) error {
		_, err := files.ReadFile(y, "/no/such/file")
		fmt.Println(errors.Is(err, fs.ErrNotExist), err)
		return nil
	})
	// Output: true open /no/such/file: no such file or directory
}

func ExampleWriteFile() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "hello.txt")
		if err := files.WriteFile(y, name, []byte("Hello"), 0o644); err != nil {
			return err
		}
		data, err := files.ReadFile(y, name)
		fmt.Printf("%s\n", data)
		return err
	})
	// Output: Hello
}

func ExampleAppendFile() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "log")
		for _, line := range []string{"one\n", "two\n"} {
			if err := files.AppendFile(y, name, []byte(line), 0o644); err != nil {
				return err
			}
		}
		data, err := files.ReadFile(y, name)
		fmt.Printf("%s", data)
		return err
	})
	// Output:
	// one
	// two
}

// Whoever opens the file finds the old text or the new one.
func ExampleWriteFileAtomically() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "config")
		for _, text := range []string{"old", "new"} {
			if err := files.WriteFileAtomically(y, name, []byte(text), 0o644); err != nil {
				return err
			}
		}
		data, err := files.ReadFile(y, name)
		fmt.Printf("%s\n", data)
		return err
	})
	// Output: new
}

func ExampleStat() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "f")
		if err := files.WriteFile(y, name, []byte("12345"), 0o600); err != nil {
			return err
		}
		info, err := files.Stat(y, name)
		if err != nil {
			return err
		}
		fmt.Println(info.Name(), info.Size(), info.Mode())
		return nil
	})
	// Output: f 5 -rw-------
}

func ExampleLstat() {
	inFolder(func(y *loop.Yielder, dir string) error {
		link := filepath.Join(dir, "link")
		if err := files.Symlink(y, "nowhere", link); err != nil {
			return err
		}
		info, err := files.Lstat(y, link)
		if err != nil {
			return err
		}
		fmt.Println(info.Mode().Type() == fs.ModeSymlink)
		return nil
	})
	// Output: true
}

func ExampleSymlink() {
	inFolder(func(y *loop.Yielder, dir string) error {
		link := filepath.Join(dir, "link")
		if err := files.Symlink(y, "target", link); err != nil {
			return err
		}
		to, err := files.Readlink(y, link)
		fmt.Println(to)
		return err
	})
	// Output: target
}

func ExampleReadlink() {
	inFolder(func(y *loop.Yielder, dir string) error {
		_, err := files.Readlink(y, dir)
		fmt.Println("a folder is no link:", err != nil)
		return nil
	})
	// Output: a folder is no link: true
}

func ExampleChmod() {
	inFolder(func(y *loop.Yielder, dir string) error {
		if err := files.Chmod(y, dir, 0o700); err != nil {
			return err
		}
		info, err := files.Stat(y, dir)
		if err != nil {
			return err
		}
		fmt.Println(info.Mode())
		return nil
	})
	// Output: drwx------
}

func ExampleTruncate() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "f")
		err := files.WriteFile(y, name, []byte("Hello, world"), 0o644)
		if err != nil {
			return err
		}
		if err := files.Truncate(y, name, 5); err != nil {
			return err
		}
		data, err := files.ReadFile(y, name)
		fmt.Printf("%s\n", data)
		return err
	})
	// Output: Hello
}

func ExampleRename() {
	inFolder(func(y *loop.Yielder, dir string) error {
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		if err := files.WriteFile(y, from, nil, 0o644); err != nil {
			return err
		}
		if err := files.Rename(y, from, to); err != nil {
			return err
		}
		entries, err := files.ReadDir(y, dir)
		fmt.Println(entries)
		return err
	})
	// Output: [- to]
}

func ExampleRemove() {
	inFolder(func(y *loop.Yielder, dir string) error {
		err := files.Remove(y, filepath.Join(dir, "f"))
		fmt.Println(errors.Is(err, fs.ErrNotExist))
		return nil
	})
	// Output: true
}

func ExampleRemoveAll() {
	inFolder(func(y *loop.Yielder, dir string) error {
		if err := files.MkdirAll(y, filepath.Join(dir, "a/b/c"), 0o755); err != nil {
			return err
		}
		if err := files.RemoveAll(y, filepath.Join(dir, "a")); err != nil {
			return err
		}
		entries, err := files.ReadDir(y, dir)
		fmt.Println(len(entries), "left")
		return err
	})
	// Output: 0 left
}

func ExampleMkdir() {
	inFolder(func(y *loop.Yielder, dir string) error {
		sub := filepath.Join(dir, "sub")
		err := files.Mkdir(y, sub, 0o755)
		fmt.Println(err, errors.Is(files.Mkdir(y, sub, 0o755), fs.ErrExist))
		return nil
	})
	// Output: <nil> true
}

func ExampleMkdirAll() {
	inFolder(func(y *loop.Yielder, dir string) error {
		sub := filepath.Join(dir, "a", "b")
		if err := files.MkdirAll(y, sub, 0o755); err != nil {
			return err
		}
		return files.MkdirAll(y, sub, 0o755) // it is there already
	})
	// Output:
}

func ExampleMkdirTemp() {
	err := loop.Main(func(y *loop.Yielder) error {
		dir, err := files.MkdirTemp(y, "", "work")
		if err != nil {
			return err
		}
		return files.RemoveAll(y, dir)
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleReadDir() {
	inFolder(func(y *loop.Yielder, dir string) error {
		for _, name := range []string{"b", "a"} {
			if err := files.WriteFile(y, filepath.Join(dir, name), nil, 0o644); err != nil {
				return err
			}
		}
		entries, err := files.ReadDir(y, dir)
		for _, e := range entries {
			fmt.Println(e.Name())
		}
		return err
	})
	// Output:
	// a
	// b
}

// Folders called .git are not entered.
func ExampleWalk() {
	inFolder(func(y *loop.Yielder, dir string) error {
		for _, name := range []string{".git/objects", "cmd/hello"} {
			if err := files.MkdirAll(y, filepath.Join(dir, name), 0o755); err != nil {
				return err
			}
		}
		enter := func(e files.Entry) bool { return e.Name() != ".git" }
		for e, err := range files.Walk(y, dir, enter) {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(dir, e.Path)
			if err != nil {
				return err
			}
			fmt.Println(name)
		}
		return nil
	})
	// Output:
	// .
	// .git
	// cmd
	// cmd/hello
}

func ExampleEntry() {
	inFolder(func(y *loop.Yielder, dir string) error {
		for e, err := range files.Walk(y, dir, nil) {
			if err != nil {
				return err
			}
			fmt.Println(e.Path == dir, e.Name() == filepath.Base(dir), e.IsDir())
		}
		return nil
	})
	// Output: true true true
}

func ExampleNames() {
	inFolder(func(y *loop.Yielder, dir string) error {
		for i := range 3 {
			if err := files.WriteFile(y, filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
				return err
			}
		}
		n := 0
		for _, err := range files.Names(y, dir) {
			if err != nil {
				return err
			}
			n++
		}
		fmt.Println(n, "files")
		return nil
	})
	// Output: 3 files
}

func ExampleGlob() {
	inFolder(func(y *loop.Yielder, dir string) error {
		for _, name := range []string{"a.go", "b.go", "c.txt"} {
			if err := files.WriteFile(y, filepath.Join(dir, name), nil, 0o644); err != nil {
				return err
			}
		}
		names, err := files.Glob(y, filepath.Join(dir, "*.go"))
		for _, name := range names {
			fmt.Println(filepath.Base(name))
		}
		return err
	})
	// Output:
	// a.go
	// b.go
}

// A library that reads and writes works on a file. It should have a buffer, because each call is
// a job of the executor.
func ExampleFile_IO() {
	inFolder(func(y *loop.Yielder, dir string) error {
		f, err := files.Create(y, filepath.Join(dir, "f"))
		if err != nil {
			return err
		}
		defer f.Close(y)
		w := bufio.NewWriter(f.IO(y))
		fmt.Fprintln(w, "one")
		fmt.Fprintln(w, "two")
		if err := w.Flush(); err != nil {
			return err
		}
		if _, err := f.Seek(y, 0, 0); err != nil {
			return err
		}
		s := bufio.NewScanner(f.IO(y))
		for s.Scan() {
			fmt.Println(s.Text())
		}
		return s.Err()
	})
	// Output:
	// one
	// two
}

// IO is an io.Reader and io.Writer for the task that it was made in.
func ExampleIO() {
	inFolder(func(y *loop.Yielder, dir string) error {
		f, err := files.Create(y, filepath.Join(dir, "f"))
		if err != nil {
			return err
		}
		var file files.IO = f.IO(y)
		defer file.Close()
		_, err = fmt.Fprint(file, "Hello")
		return err
	})
	// Output:
}

func ExampleReplacer() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "cache")
		r := files.Replacer{
			NoSync: true, // a cache need not survive a crash
			BeforeRename: func(part, name string) error {
				fmt.Println(filepath.Base(name), "is complete")
				return nil
			},
		}
		return r.WriteFile(y, name, []byte("data"), 0o644)
	})
	// Output: cache is complete
}

func ExampleReplacer_WriteFile() {
	inFolder(func(y *loop.Yielder, dir string) error {
		var r files.Replacer
		err := r.WriteFile(y, dir, nil, 0o644)
		fmt.Println(err != nil)
		return nil
	})
	// Output: true
}

// Write is for a goroutine that is not the loop's.
func ExampleReplacer_Write() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var r files.Replacer
	fmt.Println(r.Write(filepath.Join(dir, "f"), []byte("Hello"), 0o644))
	// Output: <nil>
}

func ExampleReplacer_Try() {
	var r files.Replacer
	err := r.Try("/no/such/folder/f", 0o644)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output: true
}

// A program that is ended by a signal leaves no temporary file.
func ExampleReplacer_Abandon() {
	var r files.Replacer
	exit := func() {
		r.Abandon()
		// os.Exit(1)
	}
	exit()
	// Output:
}
