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
	log.SetFlags(0)
	hello := func(y *loop.Yielder) (n int, err error) {
		for ; n < 3 && err == nil; n++ {
			if _, err = fmt.Println(loop.Running(y).CurrentTask().Name(), "says hello"); err == nil {
				err = loop.Sleep(y, 0) // the other one's turn
			}
		}
		return n, err
	}
	if _, err := loop.Run(func(y *loop.Yielder) ([]int, error) { return loop.Gather(y, hello, hello).Await(y) }); err != nil {
		log.Fatal(err)
	}
}
