package redis

import (
	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
)

// A keySpec says where keys stand, as the key specifications of Redis 7 do.
type keySpec struct {
	keyword string // behind the first argument that is this, from number from on
	from    int    // or at this number

	last, limit int // the last key, from the first on; -1 is the last argument, of which the first one in limit parts are keys
	step        int

	counted      bool // argument count, from from on, says how many there are
	count, first int
}

// eachKey calls f with the number of each argument that is a key. It is false when they cannot be found, because the command
// is malformed.
func (s *Spec) eachKey(c *resp.Command, f func(i int)) bool {
	if s.only > 0 {
		f(s.only)
		return true
	}
	for i := range s.keys {
		if !s.keys[i].each(c, f) {
			return false
		}
	}
	if s.class == sorting {
		if i := stored(c); i > 0 {
			f(i)
		}
	}
	return true
}

func (k *keySpec) each(c *resp.Command, f func(i int)) bool {
	n, first := c.Len(), k.from
	switch k.keyword {
	case "":
	case "STREAMS":
		if first, _ = streams(c); first == 0 {
			return false
		}
	default:
		if first = after(c, k.keyword, k.from); first == 0 {
			return true // an option
		}
	}
	last := first + k.last
	switch {
	case k.counted:
		count, ok := count(c, first+k.count)
		if !ok {
			return false
		}
		first += k.first
		last = first + (count-1)*k.step
	case k.last < 0 && k.limit > 0:
		last = first + (n-first)/k.limit + k.last
	case k.last < 0:
		last = n + k.last
	}
	if last >= n {
		return false
	}
	for i := first; i <= last; i += k.step {
		f(i)
	}
	return true
}

// after is the number of the argument behind a keyword, or 0.
func after(c *resp.Command, keyword string, from int) int {
	for i := from; i < c.Len(); i++ {
		if dialect.Equal(c.Arg(i), keyword) {
			return i + 1
		}
	}
	return 0
}

// streams is the number of the first key of XREAD or XREADGROUP, or 0, and says whether the command may wait. As in Redis the
// options before STREAMS may have any order, and what belongs to one of them is no option.
func streams(c *resp.Command) (first int, block bool) {
	for i := 1; i < c.Len(); i++ {
		switch option := c.Arg(i); {
		case dialect.Equal(option, "streams"):
			return i + 1, block
		case dialect.Equal(option, "block"):
			block = true
			i++
		case dialect.Equal(option, "count"):
			i++
		case dialect.Equal(option, "group"):
			i += 2 // two names
		case dialect.Equal(option, "noack"):
		default:
			return 0, block
		}
	}
	return 0, block
}

// count reads argument i as a number of keys, which is canonical as Redis wants it.
func count(c *resp.Command, i int) (n int, ok bool) {
	if i >= c.Len() {
		return 0, false
	}
	b := c.Arg(i)
	if len(b) == 0 || len(b) > 9 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int(d-'0')
	}
	return n, true
}

// stored is the number of the key that SORT stores its result under, or 0.
func stored(c *resp.Command) (key int) {
	for i := 2; i < c.Len(); i++ {
		switch a, more := c.Arg(i), c.Len()-i-1; {
		case dialect.Equal(a, "limit") && more >= 2:
			i += 2
		case (dialect.Equal(a, "get") || dialect.Equal(a, "by")) && more >= 1:
			i++
		case dialect.Equal(a, "store") && more >= 1:
			i++
			key = i
		}
	}
	return key
}
