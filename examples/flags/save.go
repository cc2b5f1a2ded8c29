package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// saveFlag writes a picture to a file of the folder dir, which either is there
// in full afterwards or is as it was before. Errors do not speak of the temporary
// file.
func saveFlag(dir, name string, img []byte) (err error) {
	path := filepath.Join(dir, name)
	defer func() {
		if err != nil {
			err = &fs.PathError{Op: "save", Path: path, Err: reason(err)}
		}
	}()
	temp, err := createTemp(dir, name)
	if err != nil {
		return err
	}
	_, err = temp.Write(img)
	if e := temp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// createTemp is os.CreateTemp with the permissions of an ordinary file.
func createTemp(dir, name string) (*os.File, error) {
	for {
		path := filepath.Join(dir, fmt.Sprintf(".%s.%08x.part", name, rand.Uint32()))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !os.IsExist(err) {
			return f, err
		}
	}
}

// prepareDir makes the folder, and sees whether files can be made in it.
func prepareDir(dir string) error {
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		var f *os.File
		if f, err = createTemp(dir, "probe"); err == nil {
			_ = f.Close()
			return os.Remove(f.Name())
		}
	}
	return fmt.Errorf("cannot save to folder %s: %w", dir, reason(err))
}

// reason is an error of package os without what it happened to.
func reason(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// filename makes a country's name that of its file. The name comes from a
// server, and must not lead out of the folder.
func filename(country string) string {
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(` /\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, country)
	if strings.HasPrefix(safe, ".") {
		safe = "_" + safe
	}
	return safe + ".gif"
}
