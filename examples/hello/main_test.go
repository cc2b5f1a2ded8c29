package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("HELLO_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func Example() {
	main()
	// Output:
	// Task-2 says hello
	// Task-3 says hello
	// Task-2 says hello
	// Task-3 says hello
	// Task-2 says hello
	// Task-3 says hello
}

func TestD7OutputThatFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no full device: ", err)
	}
	defer full.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HELLO_MAIN=1")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &stderr
	var failed *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &failed) || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("%v, %q", err, &stderr)
	}
}
