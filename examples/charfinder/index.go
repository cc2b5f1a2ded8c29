package main

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/runenames"
)

// An Index has, for each word that occurs in names of characters, those
// characters in order.
type Index map[string][]rune

// NewIndex returns an index of the characters from first to last.
func NewIndex(first, last rune) Index {
	x := make(Index)
	for char := first; char <= last; char++ {
		name := runenames.Name(char)
		if strings.HasPrefix(name, "<") {
			continue // a class of characters: <control>, <CJK Ideograph>
		}
		for _, word := range words(name) {
			// A word may occur twice in a name.
			if chars := x[word]; len(chars) == 0 || chars[len(chars)-1] != char {
				x[word] = append(chars, char)
			}
		}
	}
	return x
}

// NewFullIndex returns an index of all characters.
func NewFullIndex() Index { return NewIndex(' ', unicode.MaxRune) }

// Search returns the characters whose names have all words of query, in any order.
// It takes no longer than the rarest word has characters, times the words.
func (x Index) Search(query string) []rune {
	var lists [][]rune
	seen := make(map[string]bool)
	for _, word := range words(query) {
		if !seen[word] {
			lists = append(lists, x[word])
		}
		seen[word] = true
	}
	if len(lists) == 0 {
		return nil
	}
	slices.SortStableFunc(lists, func(a, b []rune) int { return len(a) - len(b) })
	found := slices.Clone(lists[0])
	for _, chars := range lists[1:] {
		found = slices.DeleteFunc(found, func(char rune) bool {
			_, has := slices.BinarySearch(chars, char)
			return !has
		})
	}
	return found
}

func words(s string) []string {
	return strings.Fields(strings.ReplaceAll(strings.ToUpper(s), "-", " "))
}
