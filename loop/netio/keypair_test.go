//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"
)

// writeKeyPair replaces the files of a certificate with a number, and of its key.
func writeKeyPair(t *testing.T, certFile, keyFile string, number int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(number)}
	certDER, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certDER}))
	replace(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func replace(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := errors.Join(os.WriteFile(name+".new", data, 0o600), os.Rename(name+".new", name)); err != nil {
		t.Fatal(err)
	}
}

// TestKeyPair has a server show a certificate whose files change, are broken, vanish and come
// again.
func TestKeyPair(t *testing.T) {
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		if _, err := LoadKeyPair(y, certFile, keyFile); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("LoadKeyPair without files: %v", err)
		}
		writeKeyPair(t, certFile, keyFile, 1)
		k, err := LoadKeyPair(y, certFile, keyFile)
		if err != nil {
			return err
		}
		var reports []string
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			reports = append(reports, c.Message+": "+c.Exception.Error())
		})
		ln, err := ListenTLS(y, "tcp", "127.0.0.1:0", &tls.Config{GetCertificate: k.GetCertificate})
		if err != nil {
			return err
		}
		serving := loop.Spawn(y, func(y *loop.Yielder) error {
			return ln.Serve(y, func(*loop.Yielder, *TLSConn) error { return nil })
		})
		for _, step := range []struct {
			name    string
			change  func()
			shown   int64
			reports int
		}{
			{"the first", func() {}, 1, 0},
			{"less than a second later", func() { writeKeyPair(t, certFile, keyFile, 2) }, 1, 0},
			{"a second later", func() { looptest.Advance(y, keyPairPoll) }, 2, 0},
			{"broken", func() { replace(t, keyFile, []byte("x")); looptest.Advance(y, keyPairPoll) }, 2, 1},
			{"still broken", func() { looptest.Advance(y, keyPairPoll) }, 2, 1},
			{"gone", func() { _ = os.Remove(certFile); looptest.Advance(y, keyPairPoll) }, 2, 2},
			{"still gone", func() { looptest.Advance(y, keyPairPoll) }, 2, 2},
			{"mended", func() { writeKeyPair(t, certFile, keyFile, 3); looptest.Advance(y, keyPairPoll) }, 3, 2},
			{"reloaded", func() {
				writeKeyPair(t, certFile, keyFile, 4)
				wantErr(t, "Reload", k.Reload(y), nil)
			}, 4, 2},
			{"reloaded in vain", func() {
				replace(t, certFile, nil)
				if err := k.Reload(y); err == nil || !strings.Contains(err.Error(), "load the key pair of "+certFile) {
					t.Errorf("Reload: %v", err)
				}
				looptest.Advance(y, keyPairPoll) // that has been told
			}, 4, 2},
		} {
			step.change()
			c, err := DialTLS(y, "tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				return err
			}
			if got := c.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != step.shown {
				t.Errorf("%s: certificate %d, want %d", step.name, got, step.shown)
			}
			if len(reports) != step.reports {
				t.Errorf("%s: reports %q, want %d", step.name, reports, step.reports)
			}
			_ = c.Close()
		}
		writeKeyPair(t, certFile, keyFile, 5)
		looptest.Advance(y, keyPairPoll)
		apart(func() {
			cert, err := k.GetCertificate(nil)
			if err != nil || cert.Leaf.SerialNumber.Int64() != 5 {
				t.Errorf("on another goroutine: %v, %v", cert.Leaf.SerialNumber, err)
			}
		})
		if err := ln.Close(); err != nil {
			return err
		}
		_, err = serving.Await(y)
		return err
	})
}
