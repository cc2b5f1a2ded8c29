package client_test

import (
	"fmt"
	"time"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
)

// The timeline of a request. Over the network there are more events: those of its connection
// among them.
func ExampleClient_trace() {
	m := &clienttest.Mock{}
	m.On("/flag", clienttest.Delay(30*time.Millisecond, clienttest.Status(302).Header("Location", "/br.gif")))
	m.On("/br.gif", clienttest.Delay(120*time.Millisecond, clienttest.Text(200, "GIF")))
	l, _ := loop.NewVirtual()
	r := loop.NewRunner(l)
	defer r.Close()
	_, err := loop.RunIn(r, func(y *loop.Yielder) (int, error) {
		c := &client.Client{Sender: m, Trace: func(_ *loop.Yielder, e client.TraceEvent) {
			fmt.Printf("%d.%d at %v: %s", e.Request, e.Exchange, e.Time, e.Kind)
			switch e.Kind {
			case client.TraceStart, client.TraceRedirect:
				fmt.Print(" ", e.Method, " ", e.URL)
			case client.TraceHeader:
				fmt.Print(" ", e.Status)
			case client.TraceFailed:
				fmt.Print(" ", e.Err)
			}
			fmt.Println()
		}}
		_, err := c.Get(y, "http://flags.test/flag")
		return 0, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1.1 at 0s: start GET http://flags.test/flag
	// 1.1 at 30ms: header 302
	// 1.1 at 30ms: redirect GET http://flags.test/br.gif
	// 1.2 at 30ms: start GET http://flags.test/br.gif
	// 1.2 at 150ms: header 200
	// 1.2 at 150ms: body
}
