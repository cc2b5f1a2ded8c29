package client

// spares are things to be used again: a sync.Pool for one goroutine.
type spares[T any] struct{ list []T }

// maxSpares is how many are kept. A task holds one only while it does not park, so few
// are ever in use.
const maxSpares = 64

func (s *spares[T]) get() (v T, ok bool) {
	n := len(s.list) - 1
	if n < 0 {
		return v, false
	}
	var none T
	v, s.list[n] = s.list[n], none
	s.list = s.list[:n]
	return v, true
}

func (s *spares[T]) put(v T) {
	if len(s.list) < maxSpares {
		s.list = append(s.list, v)
	}
}
