package files

import "coloop/loop"

// on calls fn on the loop's executor; see the package's documentation for what a cancellation
// does to it.
func on[T any](y *loop.Yielder, fn func() (T, error)) (T, error) {
	return loop.RunToEnd(y, nil, fn)
}

// do is on for what has no result.
func do(y *loop.Yielder, fn func() error) error {
	_, err := on(y, func() (struct{}, error) { return struct{}{}, fn() })
	return err
}
