// Command hello has two tasks say hello in turn.
//
//	go run ./examples/hello
package main

import (
	"fmt"
	"log"

	"coloop/loop"
)

func main() {
	_, err := loop.Run(func(y *loop.Yielder) (any, error) {
		return loop.Gather(loop.Running(y), hello("ann"), hello("bob")).Await(y)
	})
	if err != nil {
		log.Fatal(err)
	}
}

func hello(name string) loop.Func[any] {
	return func(y *loop.Yielder) (any, error) {
		for range 3 {
			if _, err := fmt.Println(name, "says hello"); err != nil {
				return nil, err
			}
			if err := loop.Sleep(y, 0); err != nil { // the other one's turn
				return nil, err
			}
		}
		return nil, nil
	}
}
