//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"coloop/loop"
)

// keyPairPoll is how often the files of a KeyPair are looked at.
const keyPairPoll = time.Second

// A KeyPair is a certificate with its key, of two files that may change while a server runs. Its
// GetCertificate is for that field of a tls.Config.
type KeyPair struct {
	_ noCopy

	loop      *loop.Loop
	cert, key string

	loading sync.Mutex   // held while files are read
	files   [2]fileState // of which current was made, or the last error

	mu      sync.Mutex // held for an instant
	current *tls.Certificate
	looked  time.Duration // when, on the loop's clock
}

// fileState tells a file that has changed, or been replaced.
type fileState struct {
	time time.Time
	size int64
	info os.FileInfo
}

func (f fileState) same(g fileState) bool {
	if f.info == nil || g.info == nil {
		return f.info == g.info
	}
	return f.time.Equal(g.time) && f.size == g.size && os.SameFile(f.info, g.info)
}

// LoadKeyPair reads a certificate and its key from files in PEM format, on the executor of the loop of
// y, as tls.LoadX509KeyPair does.
func LoadKeyPair(y *loop.Yielder, certFile, keyFile string) (*KeyPair, error) {
	k := &KeyPair{loop: loop.Running(y), cert: certFile, key: keyFile}
	if err := k.Reload(y); err != nil {
		return nil, err
	}
	return k, nil
}

// Reload reads the files again. If they cannot be used, the old certificate stays.
func (k *KeyPair) Reload(y *loop.Yielder) error {
	_, err := loop.ToThread(y, func(context.Context) (struct{}, error) { return struct{}{}, k.load(true) })
	return err
}

// GetCertificate returns the certificate. It first looks whether the files have changed, at most once a
// second on the loop's clock, and reads them if so; the executor of the loop does that while
// the task is parked. If they cannot be used, that is reported to the loop's exception handler, once
// for each change, and the old certificate stays. GetCertificate may be called on any goroutine.
func (k *KeyPair) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if k.due() {
		look := func(y *loop.Yielder) (struct{}, error) {
			return loop.ToThread(y, func(context.Context) (struct{}, error) { return struct{}{}, k.load(false) })
		}
		var err error
		if k.loop.OnLoop() {
			var y *loop.Yielder
			if y, err = k.loop.Current(); err == nil {
				_, err = look(y)
			}
		} else {
			err = k.load(false)
		}
		switch {
		case loop.IsCancelled(err):
			return nil, err
		case err != nil:
			report := func() {
				k.loop.CallExceptionHandler(loop.ExceptionContext{Message: "the old certificate stays", Exception: err})
			}
			if k.loop.OnLoop() {
				report()
			} else if k.loop.CallSoonThreadsafe(report) != nil {
				return nil, err // there is nobody else left to tell
			}
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current, nil
}

// due reports whether it is time to look at the files.
func (k *KeyPair) due() bool {
	now := k.loop.Time()
	k.mu.Lock()
	defer k.mu.Unlock()
	if now-k.looked < keyPairPoll {
		return false
	}
	k.looked = now
	return true
}

// load reads the files if they have changed, or in any case. It may be called on any goroutine.
func (k *KeyPair) load(always bool) error {
	k.loading.Lock()
	defer k.loading.Unlock()
	var files [2]fileState
	for i, name := range []string{k.cert, k.key} {
		if info, err := os.Stat(name); err == nil {
			files[i] = fileState{info.ModTime(), info.Size(), info}
		} // else LoadX509KeyPair says what is wrong
	}
	if !always && files[0].same(k.files[0]) && files[1].same(k.files[1]) {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(k.cert, k.key)
	k.files = files
	if err != nil {
		return fmt.Errorf("load the key pair of %s: %w", k.cert, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = &cert
	return nil
}
