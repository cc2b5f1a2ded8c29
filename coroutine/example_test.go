package coroutine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"coloop/coroutine"
)

func Example() {
	g := coroutine.New(func(y *coroutine.Yielder[string, string]) (int, error) {
		name, err := y.Yield("What is your name?")
		if err != nil {
			return 0, err
		}
		if _, err := y.Yield("Hello, " + name + "."); err != nil {
			return 0, err
		}
		return len(name), nil
	})
	question, _ := g.Next()
	fmt.Println(question)
	greeting, _ := g.Send("Ada")
	fmt.Println(greeting)
	_, err := g.Next()
	fmt.Println(err)
	// Output:
	// What is your name?
	// Hello, Ada.
	// StopIteration: 3
}

func ExampleNew() {
	g := coroutine.New(func(y *coroutine.Yielder[int, any]) (string, error) {
		for i := range 2 {
			if _, err := y.Yield(i); err != nil {
				return "", err
			}
		}
		return "done", nil
	})
	fmt.Println(g.State())
	fmt.Println(g.Next())
	fmt.Println(g.State())
	fmt.Println(g.Next())
	_, err := g.Next()
	var stop *coroutine.StopIteration[string]
	if errors.As(err, &stop) {
		fmt.Println(stop.Value, g.State())
	}
	// Output:
	// created
	// 0 <nil>
	// suspended
	// 1 <nil>
	// done closed
}

// Result is what the averager of "Fluent Python" returns.
type Result struct {
	Count   int
	Average float64
}

// averager is sent terms, and nil at the end.
func averager(y *coroutine.Yielder[float64, any]) (r Result, err error) {
	total := 0.0
	for {
		v, err := y.Yield(r.Average)
		if err != nil {
			return r, err
		}
		term, ok := v.(float64)
		if !ok {
			return r, nil
		}
		total += term
		r.Count++
		r.Average = total / float64(r.Count)
	}
}

func ExampleGenerator_Send() {
	avg := coroutine.New(averager)
	avg.Next() // to its first Yield
	for _, term := range []float64{10, 30, 5} {
		average, _ := avg.Send(term)
		fmt.Println(average)
	}
	_, err := avg.Send(nil)
	fmt.Println(err)
	// Output:
	// 10
	// 20
	// 15
	// StopIteration: {3 15}
}

var ErrDemo = errors.New("demo")

func ExampleGenerator_Throw() {
	g := coroutine.New(func(y *coroutine.Yielder[string, any]) (any, error) {
		for {
			switch _, err := y.Yield("ready"); {
			case errors.Is(err, ErrDemo):
				fmt.Println("handled, going on")
			case err != nil:
				return nil, err
			}
		}
	})
	g.Next()
	fmt.Println(g.Throw(ErrDemo))
	_, err := g.Throw(errors.New("something else"))
	fmt.Println(err)
	fmt.Println(g.State())
	// Output:
	// handled, going on
	// ready <nil>
	// something else
	// closed
}

func ExampleGenerator_Close() {
	g := coroutine.New(func(y *coroutine.Yielder[int, any]) (string, error) {
		defer fmt.Println("cleaning up")
		for i := 0; ; i++ {
			if _, err := y.Yield(i); errors.Is(err, coroutine.GeneratorExit) {
				return fmt.Sprint("closed at ", i), nil
			} else if err != nil {
				return "", err
			}
		}
	})
	g.Next()
	g.Next()
	fmt.Println(g.Close())
	// Output:
	// cleaning up
	// closed at 1 <nil>
}

func ExampleNewCoroutine() {
	answer := coroutine.NewCoroutine(nil, func(y *coroutine.Yielder[any, any]) (int, error) { return 42, nil })
	main := coroutine.New(func(y *coroutine.Yielder[any, any]) (any, error) {
		fmt.Println(coroutine.YieldFrom(y, answer))
		fmt.Println(coroutine.YieldFrom(y, answer))
		return nil, nil
	})
	main.Next()
	// Output:
	// 42 <nil>
	// 0 cannot reuse already awaited coroutine
}

func ExampleGenerator_Delegate() {
	sub := coroutine.New(averager)
	g := coroutine.New(func(y *coroutine.Yielder[float64, any]) (Result, error) {
		return coroutine.YieldFrom(y, sub)
	})
	g.Next()
	fmt.Println(g.Delegate() == sub)
	g.Close()
	// Output: true
}

func ExampleState() {
	var g *coroutine.Generator[any, any, any]
	g = coroutine.New(func(y *coroutine.Yielder[any, any]) (any, error) {
		fmt.Println(g.State())
		return y.Yield(nil)
	})
	fmt.Println(g.State())
	g.Next()
	fmt.Println(g.State())
	g.Close()
	fmt.Println(g.State())
	// Output:
	// created
	// running
	// suspended
	// closed
}

// Yield returns the value sent, or the error thrown in.
func ExampleYielder() {
	g := coroutine.New(func(y *coroutine.Yielder[string, string]) (string, error) {
		s, err := y.Yield("first")
		fmt.Printf("%q %v\n", s, err)
		s, err = y.Yield("second")
		fmt.Printf("%q %v\n", s, err)
		return "", err
	})
	g.Next()
	g.Send("sent")
	g.Throw(ErrDemo)
	// Output:
	// "sent" <nil>
	// "" demo
}

func ExampleGenerator_All() {
	countdown := coroutine.New(func(y *coroutine.Yielder[int, any]) (any, error) {
		for i := 3; i > 0; i-- {
			if _, err := y.Yield(i); err != nil {
				return nil, err
			}
		}
		return nil, errors.New("no fuel")
	})
	for i, err := range countdown.All() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(i)
	}
	// Output:
	// 3
	// 2
	// 1
	// no fuel
}

// The grouper of "Fluent Python" delegates to one averager after the other;
// what it is sent goes to the averager directly.
func ExampleYieldFrom() {
	results := make(map[string]Result)
	grouper := func(key string) *coroutine.Generator[float64, any, any] {
		return coroutine.New(func(y *coroutine.Yielder[float64, any]) (any, error) {
			for {
				r, err := coroutine.YieldFrom(y, coroutine.New(averager))
				if err != nil {
					return nil, err
				}
				results[key] = r
			}
		})
	}
	for key, values := range map[string][]float64{
		"girls;kg": {40.9, 38.5, 44.3},
		"boys;kg":  {39.0, 40.8},
	} {
		group := grouper(key)
		group.Next()
		for _, v := range values {
			group.Send(v)
		}
		group.Send(nil)
		group.Close()
	}
	fmt.Printf("%d girls averaging %.2f kg\n", results["girls;kg"].Count, results["girls;kg"].Average)
	fmt.Printf("%d boys averaging %.2f kg\n", results["boys;kg"].Count, results["boys;kg"].Average)
	// Output:
	// 3 girls averaging 41.23 kg
	// 2 boys averaging 39.90 kg
}

// fibonacci is a coroutine without a stack: its whole state is two numbers.
type fibonacci struct{ a, b int }

func (f *fibonacci) Send(any) (int, error) {
	f.a, f.b = f.b, f.a+f.b
	if f.a > 10 {
		return 0, &coroutine.StopIteration[string]{Value: "that is enough"}
	}
	return f.a, nil
}

func (f *fibonacci) Throw(err error) (int, error) { return 0, err }

func (f *fibonacci) Close() (string, error) { return "", nil }

func ExampleResumable() {
	g := coroutine.New(func(y *coroutine.Yielder[int, any]) (any, error) {
		s, err := coroutine.YieldFrom(y, &fibonacci{0, 1})
		fmt.Println(s)
		return nil, err
	})
	for v := range g.All() {
		fmt.Println(v)
	}
	// Output:
	// 1
	// 1
	// 2
	// 3
	// 5
	// 8
	// that is enough
}

// words is an Iterator that takes them from a string.
type words struct{ text string }

func (w *words) Next() (string, error) {
	word, rest, found := strings.Cut(w.text, " ")
	if !found {
		return "", &coroutine.StopIteration[int]{Value: len(word)}
	}
	w.text = rest
	return word, nil
}

func ExampleYieldFromIterator() {
	g := coroutine.New(func(y *coroutine.Yielder[string, any]) (any, error) {
		n, err := coroutine.YieldFromIterator[int](y, &words{"one two three"})
		fmt.Println("the last has", n, "letters")
		return nil, err
	})
	for word := range g.All() {
		fmt.Println(word)
	}
	// Output:
	// one
	// two
	// the last has 5 letters
}

func ExampleYieldFromSeq() {
	chain := coroutine.New(func(y *coroutine.Yielder[string, any]) (any, error) {
		if err := coroutine.YieldFromSeq(y, slices.Values([]string{"A", "B"})); err != nil {
			return nil, err
		}
		return nil, coroutine.YieldFromSeq(y, slices.Values([]string{"1", "2"}))
	})
	for s := range chain.All() {
		fmt.Print(s, " ")
	}
	// Output: A B 1 2
}

func ExamplePool() {
	pool := coroutine.Pool{Max: 10}
	defer pool.Close()
	for i := range 3 { // one after the other, all on the same stack
		g := coroutine.NewIn(&pool, func(y *coroutine.Yielder[int, any]) (any, error) {
			_, err := y.Yield(i)
			return nil, err
		})
		for v := range g.All() {
			fmt.Println(v)
		}
	}
	// Output:
	// 0
	// 1
	// 2
}
