package client_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"coloop/client"
	"coloop/loop"
)

// lengths are lengths that a server announces.
var lengths = []string{"1", "9", "65536", "2147483648", "70368744177664", "9223372036854775807"}

// TestB2ForgedLength has limits of a body that make no sense, and lengths that nothing comes
// of. No arithmetic goes wrong with them, and the client's only place is free afterwards.
func TestB2ForgedLength(t *testing.T) {
	good := "http://" + serve(t, reply(ok+"Content-Length: 0\r\n\r\n"))
	for _, limit := range []int{math.MinInt, -1, 1, 2, math.MaxInt - 1, math.MaxInt} {
		for _, length := range lengths {
			var n uint64
			if _, err := fmt.Sscan(length, &n); err != nil {
				t.Fatal(err)
			}
			for name, head := range map[string]string{
				"length": ok + "Content-Length: " + length + "\r\n\r\n",
				"chunk":  ok + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x", n%(1<<60)) + "\r\n",
			} {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %s, at most %d, streamed %v", name, length, limit, stream), func(t *testing.T) {
						url := "http://" + serve(t, reply(head+"12"))
						c := &client.Client{MaxConns: 1, MaxBody: limit}
						run(t, c, func(y *loop.Yielder, _ *wire) {
							resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
							if err == nil && stream {
								_, err = io.ReadAll(resp.Stream)
							}
							short := err == nil && length == "1" && name == "length"
							if !short && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, client.ErrBodyTooLarge) && !strings.Contains(fmt.Sprint(err), "malformed chunk") {
								t.Errorf("got %v", err)
							}
							if errors.Is(err, client.ErrBodyTooLarge) && (stream || limit < 0 || n <= uint64(limit) && limit > 1) {
								t.Error("nothing was too large")
							}
							if err := get(y, c, good); err != nil {
								t.Error("the next request:", err)
							}
						})
					})
				}
			}
		}
	}
}

// TestB11MemoryFollowsBytes has many servers announce what they do not send. The client takes
// memory for what has come.
func TestB11MemoryFollowsBytes(t *testing.T) {
	const requests = 100
	for name, head := range map[string]string{
		"64 MiB":           ok + "Content-Length: 67108864\r\n\r\n",
		"a chunk of 60 Mi": ok + "Transfer-Encoding: chunked\r\n\r\n3c00000\r\n",
		"no end":           ok + "\r\n",
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, streamed %v", name, stream), func(t *testing.T) {
				url := "http://" + serve(t, replySilent(head+"12345"))
				c := &client.Client{}
				run(t, c, func(y *loop.Yielder, w *wire) {
					before := heap()
					var tasks []*loop.Task[struct{}]
					for range requests {
						tasks = append(tasks, loop.Spawn(y, func(y *loop.Yielder) error {
							resp, err := c.Do(y, &client.Request{URL: url, Stream: stream})
							if err == nil && stream {
								_, err = io.ReadAll(resp.Stream)
							}
							return err
						}))
					}
					w.hear(t, y, requests)
					for _, task := range tasks {
						parked(t, y, task, "Conn.Read")
					}
					if took := (heap() - before) / requests; took > 100<<10 {
						t.Errorf("a request took %d bytes", took)
					}
					for _, task := range tasks {
						task.Cancel()
						if _, err := task.Await(y); !loop.IsCancelled(err) {
							t.Error(err)
						}
					}
				})
			})
		}
	}
}

// heap is how many bytes are in use.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
