package kv

// The names of most commands fit a word, and a table of words finds one in a fifth of the time that a map takes.

const (
	wordBytes  = 8
	wordPlaces = 1 << wordBits // several times the number of commands
	wordBits   = 9
	golden     = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4)
	longest    = 16                 // bytes of the longest name
	lowerCase  = 0x20
)

type place struct {
	word    uint64
	command *command
}

var words = func() (places [wordPlaces]place) {
	for name, c := range table {
		if len(name) > wordBytes {
			continue
		}
		w := wordOf([]byte(name))
		i := home(w)
		for places[i].command != nil {
			i = (i + 1) % wordPlaces
		}
		places[i] = place{w, c}
	}
	return places
}()

// home is where the search for a word begins.
func home(w uint64) uint64 { return w * golden >> (64 - wordBits) }

// wordOf is a name in lower case. No two names are one word: only letters become letters with the bit of the lower case.
func wordOf(name []byte) (w uint64) {
	for i, c := range name {
		w |= uint64(c|lowerCase) << (8 * i)
	}
	return w
}

// lookup finds a command by its name, in whatever case, or returns nil.
func lookup(name []byte) *command {
	if len(name) > wordBytes {
		return lookupLong(name)
	}
	w := wordOf(name)
	for i := home(w); words[i].command != nil; i = (i + 1) % wordPlaces {
		if words[i].word == w {
			return words[i].command
		}
	}
	return nil
}

func lookupLong(name []byte) *command {
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

// command is what c asks for, or nil.
func (c *Call) command() *command {
	if c.spec == nil {
		c.spec = lookup(c.Arg(0))
	}
	return c.spec
}
