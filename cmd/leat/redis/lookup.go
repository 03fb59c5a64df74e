package redis

import (
	"strings"

	"github.com/leat-io/leat/codec/resp"
)

// The names of most commands fit a word, and a table of words finds one in a fifth of the time that a map takes.

const (
	wordBytes  = 8
	wordPlaces = 1 << wordBits // several times the number of commands
	wordBits   = 10
	golden     = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4)
	longest    = 24                 // more than the bytes of the longest name
	lowerCase  = 0x20
)

type place struct {
	word uint64
	spec *Spec
}

var words = func() (places [wordPlaces]place) {
	for name, s := range table {
		if len(name) > wordBytes || strings.Contains(name, "_") {
			continue
		}
		w := wordOf([]byte(name))
		i := home(w)
		for places[i].spec != nil {
			i = (i + 1) % wordPlaces
		}
		places[i] = place{w, s}
	}
	return places
}()

// home is where the search for a word begins.
func home(w uint64) uint64 { return w * golden >> (64 - wordBits) }

// wordOf is a name in lower case. No two names are one word: only letters become letters with the bit of the lower case, and
// names with anything else are not among the words.
func wordOf(name []byte) (w uint64) {
	for i, c := range name {
		w |= uint64(c|lowerCase) << (8 * i)
	}
	return w
}

// lookup finds a command by its name, in whatever case, or returns nil.
func lookup(name []byte) *Spec {
	if len(name) <= wordBytes {
		w := wordOf(name)
		for i := home(w); words[i].spec != nil; i = (i + 1) % wordPlaces {
			if words[i].word == w {
				return words[i].spec
			}
		}
	}
	return lookupLong(name)
}

func lookupLong(name []byte) *Spec {
	if len(name) > longest {
		return nil
	}
	var b [longest]byte
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= lowerCase
		}
		b[i] = c
	}
	return table[string(b[:len(name)])]
}

// find returns what the table says of a request, or nil: the subcommand where it names one.
func find(c *resp.Command) *Spec {
	s := lookup(c.Arg(0))
	if s == nil || s.subs == nil {
		return s
	}
	if sub := s.sub(c); sub != nil {
		return sub
	}
	return s
}
