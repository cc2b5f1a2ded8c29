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
	err := loop.Main(func(y *loop.Yielder) error {
		_, err := loop.Gather(y, hello("ann"), hello("bob")).Await(y)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}

func hello(name string) func(y *loop.Yielder) (n int, err error) {
	return func(y *loop.Yielder) (n int, err error) {
		for ; n < 3 && err == nil; n++ {
			if _, err = fmt.Println(name, "says hello"); err == nil {
				err = loop.Sleep(y, 0) // the other one's turn
			}
		}
		return n, err
	}
}
