package load

import (
	"cmp"
	"maps"
	"slices"
)

const (
	// maxRefusals is how many texts of errors are told apart. Some servers write a key or an address into them.
	maxRefusals = 32
	// otherRefusals stands for the texts beyond that.
	otherRefusals = "(other texts)"
)

// refusals counts the errors that a server answered with, by their text.
type refusals map[string]int64

func (r refusals) add(text []byte, n int64) {
	if _, known := r[string(text)]; !known && len(r) >= maxRefusals {
		r[otherRefusals] += n
		return
	}
	r[string(text)] += n
}

func (r refusals) total() (n int64) {
	for _, count := range r {
		n += count
	}
	return n
}

// list is an entry for each text, the most frequent first.
func (r refusals) list() []Errors {
	texts := slices.SortedFunc(maps.Keys(r), func(a, b string) int {
		return cmp.Or(cmp.Compare(r[b], r[a]), cmp.Compare(a, b))
	})
	list := make([]Errors, len(texts))
	for i, text := range texts {
		list[i] = Errors{ErrorReply, r[text], text}
	}
	return list
}
