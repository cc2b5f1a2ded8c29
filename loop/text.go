package loop

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// object describes an object as Python's repr does, with those of its details that are
// not empty:
//
//	<Semaphore 'places' 0 permits, 2 waiters>
func object(kind, name string, facts ...string) string {
	var said []string
	for _, fact := range facts {
		if fact != "" {
			said = append(said, fact)
		}
	}
	s := named(kind, name)
	if said != nil {
		s += " " + strings.Join(said, ", ")
	}
	return "<" + s + ">"
}

// named is the short description of an object that a task waits for.
func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + quoted(name)
}

// amount returns n and the noun, in the plural if n is not 1.
func amount(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// some is amount, but empty if n is 0.
func some(n int, noun string) string {
	if n == 0 {
		return ""
	}
	return amount(n, noun)
}

// quoted returns s in single quotes, as Python's repr does.
func quoted(s string) string {
	if strings.ContainsAny(s, "'\\") || strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return "'" + s + "'"
}

// short returns v as fmt.Sprint does, but on one line and cut to a hundred
// characters (reprlib.repr).
func short(v any) string {
	s, cut := fmt.Sprint(v), ""
	for i, n := 0, 0; i < len(s); n++ {
		if n == 100 {
			s, cut = s[:i], "..."
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		s = strconv.Quote(s)
	}
	return s + cut
}

// enumString returns the name of the i-th value of an enumeration, and something
// like "TimeoutState(9)" if it has none.
func enumString(enum string, i int, names ...string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", enum, i)
	}
	return names[i]
}
