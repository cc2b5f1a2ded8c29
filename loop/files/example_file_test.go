package files_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"coloop/loop"
	"coloop/loop/files"
)

// withFile runs fn with a file that has "Hello, world" in it, at its begin.
func withFile(fn func(y *loop.Yielder, f *files.File) error) {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "hello.txt")
		if err := files.WriteFile(y, name, []byte("Hello, world"), 0o644); err != nil {
			return err
		}
		f, err := files.OpenFile(y, name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(fn(y, f), f.Close(y))
	})
}

// content returns what is in f.
func content(y *loop.Yielder, f *files.File) (string, error) {
	data, err := files.ReadFile(y, f.Name())
	return string(data), err
}

func ExampleOpen() {
	inFolder(func(y *loop.Yielder, dir string) error {
		f, err := files.Open(y, dir)
		if err != nil {
			return err
		}
		return f.Close(y)
	})
	// Output:
}

func ExampleCreate() {
	inFolder(func(y *loop.Yielder, dir string) error {
		f, err := files.Create(y, filepath.Join(dir, "f"))
		if err != nil {
			return err
		}
		_, err = f.Write(y, []byte("Hello"))
		return errors.Join(err, f.Close(y))
	})
	// Output:
}

func ExampleOpenFile() {
	inFolder(func(y *loop.Yielder, dir string) error {
		_, err := files.OpenFile(y, dir, os.O_WRONLY, 0)
		fmt.Println(err != nil)
		return nil
	})
	// Output: true
}

func ExampleCreateTemp() {
	err := loop.Main(func(y *loop.Yielder) error {
		f, err := files.CreateTemp(y, "", "example")
		if err != nil {
			return err
		}
		return errors.Join(f.Close(y), files.Remove(y, f.Name()))
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleFile() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		info, err := f.Stat(y)
		if err != nil {
			return err
		}
		fmt.Println(filepath.Base(f.Name()), info.Size())
		return nil
	})
	// Output: hello.txt 12
}

func ExampleFile_Read() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		b := make([]byte, 5)
		for {
			n, err := f.Read(y, b)
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			fmt.Printf("%q\n", b[:n])
		}
	})
	// Output:
	// "Hello"
	// ", wor"
	// "ld"
}

func ExampleFile_ReadAt() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		b := make([]byte, 10)
		n, err := f.ReadAt(y, b, 7)
		fmt.Printf("%s, %v\n", b[:n], err)
		return nil
	})
	// Output: world, EOF
}

func ExampleFile_Write() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		if _, err := f.Write(y, []byte("Howdy")); err != nil {
			return err
		}
		text, err := content(y, f)
		fmt.Println(text)
		return err
	})
	// Output: Howdy, world
}

func ExampleFile_WriteAt() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		if _, err := f.WriteAt(y, []byte("moon!"), 7); err != nil {
			return err
		}
		text, err := content(y, f)
		fmt.Println(text)
		return err
	})
	// Output: Hello, moon!
}

func ExampleFile_Seek() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		at, err := f.Seek(y, -5, io.SeekEnd)
		fmt.Println(at)
		return err
	})
	// Output: 7
}

func ExampleFile_Stat() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		info, err := f.Stat(y)
		if err != nil {
			return err
		}
		fmt.Println(info.Mode().IsRegular())
		return nil
	})
	// Output: true
}

func ExampleFile_Sync() {
	withFile(func(y *loop.Yielder, f *files.File) error { return f.Sync(y) })
	// Output:
}

func ExampleFile_Truncate() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		if err := f.Truncate(y, 5); err != nil {
			return err
		}
		text, err := content(y, f)
		fmt.Println(text)
		return err
	})
	// Output: Hello
}

func ExampleFile_Chmod() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		if err := f.Chmod(y, 0o600); err != nil {
			return err
		}
		info, err := f.Stat(y)
		if err != nil {
			return err
		}
		fmt.Println(info.Mode())
		return nil
	})
	// Output: -rw-------
}

func ExampleFile_Close() {
	inFolder(func(y *loop.Yielder, dir string) error {
		f, err := files.Open(y, dir)
		if err != nil {
			return err
		}
		fmt.Println(f.Close(y), errors.Is(f.Close(y), fs.ErrClosed))
		return nil
	})
	// Output: <nil> true
}

func ExampleFile_Name() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		fmt.Println(filepath.Base(f.Name()))
		return nil
	})
	// Output: hello.txt
}

// OS is for what only package os has. Most of its methods block the loop; Fd does not.
func ExampleFile_OS() {
	withFile(func(y *loop.Yielder, f *files.File) error {
		fmt.Println(f.OS().Fd() > 2)
		return nil
	})
	// Output: true
}

// A task waits until a file is made.
func ExampleNewWatcher() {
	inFolder(func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		loop.Spawn(y, func(y *loop.Yielder) error {
			return files.WriteFile(y, filepath.Join(dir, "ready"), nil, 0o644)
		})
		e, err := w.Next(y)
		if err == nil {
			fmt.Println(filepath.Base(e.Name), e.Op)
		}
		return errors.Join(err, w.Close(y))
	})
	// Output: ready CREATE
}

func ExampleWatcher() {
	inFolder(func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y)
		if err != nil {
			return err
		}
		err = w.Add(y, dir)
		if err == nil {
			err = w.Remove(y, dir)
		}
		return errors.Join(err, w.Close(y))
	})
	// Output:
}

// The events of one file, up to its removal.
func ExampleWatcher_All() {
	inFolder(func(y *loop.Yielder, dir string) error {
		name := filepath.Join(dir, "f")
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		if err := errors.Join(files.WriteFile(y, name, nil, 0o644), files.Remove(y, name)); err != nil {
			return err
		}
		for e, err := range w.All(y) {
			if err != nil {
				return err
			}
			if fmt.Println(filepath.Base(e.Name), e.Op); e.Has(files.OpRemove) {
				break
			}
		}
		return w.Close(y)
	})
	// Output:
	// f CREATE
	// f REMOVE
}

func ExampleWatcher_Next() {
	inFolder(func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		if err := files.Mkdir(y, filepath.Join(dir, "sub"), 0o755); err != nil {
			return err
		}
		e, err := w.Next(y)
		fmt.Println(filepath.Base(e.Name), e.Has(files.OpCreate))
		return errors.Join(err, w.Close(y))
	})
	// Output: sub true
}

func ExampleWatcher_Add() {
	inFolder(func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y)
		if err != nil {
			return err
		}
		err = w.Add(y, filepath.Join(dir, "none"))
		fmt.Println(errors.Is(err, fs.ErrNotExist))
		return w.Close(y)
	})
	// Output: true
}

func ExampleWatcher_Remove() {
	inFolder(func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		return errors.Join(w.Remove(y, dir), w.Close(y))
	})
	// Output:
}

// Close ends the Watcher for the tasks that wait for it.
func ExampleWatcher_Close() {
	inFolder(func(y *loop.Yielder, dir string) error {
		w, err := files.NewWatcher(y, dir)
		if err != nil {
			return err
		}
		waiting := loop.Spawn(y, func(y *loop.Yielder) error { _, err := w.Next(y); return err })
		if err := w.Close(y); err != nil {
			return err
		}
		_, err = waiting.Await(y)
		fmt.Println(err == files.ErrWatcherClosed)
		return nil
	})
	// Output: true
}
