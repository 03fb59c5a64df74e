package redis

import (
	"strings"
	"testing"
)

func TestRepliesAreJoined(t *testing.T) {
	for _, test := range []struct {
		name    string
		join    *join
		replies []string
		want    string
	}{
		{"sum", &join{how: added}, []string{":1\r\n", ":2\r\n", ":-1\r\n"}, ":2\r\n"},
		{"sum with an error", &join{how: added}, []string{":1\r\n", "-ERR b\r\n", "-ERR c\r\n"}, "-ERR b\r\n"},
		{"sum of what is none", &join{how: added}, []string{":1\r\n", "+OK\r\n"}, "-" + errUnlike + "\r\n"},
		{"in order", &join{how: inOrder, order: []uint16{1, 0, 0, 1}}, []string{"*2\r\n$1\r\na\r\n$-1\r\n", "*2\r\n$1\r\nb\r\n_\r\n"}, "*4\r\n$1\r\nb\r\n$1\r\na\r\n$-1\r\n_\r\n"},
		{"in order with too few", &join{how: inOrder, order: []uint16{1, 0, 0}}, []string{"*1\r\n$1\r\na\r\n", "*1\r\n$-1\r\n"}, "-" + errUnlike + "\r\n"},
		{"in order with some in the wrong place", &join{how: inOrder, order: []uint16{1, 0, 0}}, []string{"*1\r\n$1\r\na\r\n", "*2\r\n$-1\r\n$-1\r\n"}, "-" + errUnlike + "\r\n"},
		{"in order of no array", &join{how: inOrder, order: []uint16{0, 1}}, []string{"*-1\r\n", "*2\r\n:1\r\n:2\r\n"}, "-" + errUnlike + "\r\n"},
		{"the same", &join{how: same}, []string{"+OK\r\n", "+OK\r\n"}, "+OK\r\n"},
		{"the same but for an error", &join{how: same}, []string{"+OK\r\n", "!5\r\nERR x\r\n"}, "!5\r\nERR x\r\n"},
		{"behind", &join{how: behind}, []string{"*1\r\n$1\r\na\r\n", "*0\r\n", "*2\r\n:1\r\n:2\r\n"}, "*3\r\n$1\r\na\r\n:1\r\n:2\r\n"},
		{"least", &join{how: least}, []string{"*2\r\n:1\r\n:0\r\n", "*2\r\n:1\r\n:1\r\n"}, "*2\r\n:1\r\n:0\r\n"},
		{"least of two lengths", &join{how: least}, []string{"*2\r\n:1\r\n:0\r\n", "*1\r\n:1\r\n"}, "-" + errUnlike + "\r\n"},
		{"the latest", &join{how: latest}, []string{"+OK\r\n", "-ERR in between\r\n", "+QUEUED\r\n"}, "-ERR in between\r\n"},
		{"the latest without errors", &join{how: latest}, []string{"+QUEUED\r\n", "*1\r\n:1\r\n"}, "*1\r\n:1\r\n"},
		{"the beginning", &join{how: begins}, []string{"+OK\r\n"}, "+QUEUED\r\n"},
		{"the beginning that is refused", &join{how: begins}, []string{"-NOPERM x\r\n"}, "-NOPERM x\r\n"},
		{"the beginning that is not understood", &join{how: begins}, []string{":1\r\n"}, "-" + errUnlike + "\r\n"},
		{"the latest of what never began", &join{how: latest}, []string{"-ERR first\r\n", "-ERR EXEC without MULTI\r\n"}, "-ERR first\r\n"},
		{"instead", &join{how: instead, text: "+RESET\r\n"}, []string{"-ERR x\r\n"}, "+RESET\r\n"},
		{"cursor", &join{how: cursor, shard: 1, shards: 3}, []string{"*2\r\n$2\r\n10\r\n*1\r\n$1\r\na\r\n"}, "*2\r\n$2\r\n31\r\n*1\r\n$1\r\na\r\n"},
		{"cursor at the end of a shard", &join{how: cursor, shard: 1, shards: 3}, []string{"*2\r\n$1\r\n0\r\n*0\r\n"}, "*2\r\n$1\r\n2\r\n*0\r\n"},
		{"cursor at the end", &join{how: cursor, shard: 2, shards: 3}, []string{"*2\r\n$1\r\n0\r\n*0\r\n"}, "*2\r\n$1\r\n0\r\n*0\r\n"},
		{"cursor too large", &join{how: cursor, shard: 2, shards: 3}, []string{"*2\r\n$20\r\n18446744073709551615\r\n*0\r\n"}, "-" + errUnlike + "\r\n"},
		{"too long", &join{how: behind, of: &holding{most: 20}}, []string{"*1\r\n$10\r\n0123456789\r\n", "*1\r\n$1\r\na\r\n"}, "-" + errLong + "\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Whatever the order in which they come.
			for _, last := range []bool{false, true} {
				of := &holding{most: 1 << 20}
				if test.join.of != nil {
					of.most = test.join.of.most
				}
				j := &join{how: test.join.how, of: of, order: test.join.order, shard: test.join.shard, shards: test.join.shards, text: test.join.text}
				j.parts = make([]part, len(test.replies))
				for i := range test.replies {
					if last {
						i = len(test.replies) - 1 - i
					}
					j.parts[i].join = j
					b := []byte(test.replies[i])
					j.parts[i].take(b)
					clear(b) // it was borrowed
				}
				if got := string(j.append([]byte("before|"))); got != "before|"+test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				if n := of.bytes.Load(); n != 0 {
					t.Errorf("%d bytes are held when the answer is there", n)
				}
			}
		})
	}
}

// Whatever servers send, a join makes one reply of it, or says that it cannot.
func FuzzJoin(f *testing.F) {
	f.Add(uint8(1), "*1\r\n:1\r\n", "*2\r\n:1\r\n:2\r\n")
	f.Add(uint8(7), "*2\r\n$2\r\n10\r\n*0\r\n", ":1\r\n")
	f.Add(uint8(3), "*-1\r\n", "%1\r\n:1\r\n:2\r\n")
	f.Fuzz(func(t *testing.T, h uint8, a, b string) {
		for _, raw := range []string{a, b} {
			if n, err := next([]byte(raw)); err != nil || n != len(raw) {
				return // not a reply: the decoder passes none of these on
			}
		}
		j := &join{how: how(h % 9), of: &holding{most: 1000}, order: []uint16{0, 1, 1}, shards: 3, text: "+x\r\n", parts: make([]part, 2)}
		for i, raw := range []string{a, b} {
			j.parts[i].join = j
			j.parts[i].take([]byte(raw))
		}
		got := j.append(nil)
		if n, err := next(got); err != nil || n != len(got) {
			t.Errorf("%d of %q and %q is %q", h%9, a, b, got)
		}
	})
}

func TestATagIsWhatIsHashed(t *testing.T) {
	braces, dollars := Tag{'{', '}', true}, Tag{'$', '$', true}
	for _, test := range []struct {
		tag       Tag
		key, want string
	}{
		{braces, "a{b}c", "b"}, {braces, "a{}c", "a{}c"}, {braces, "{b", "{b"}, {braces, "}b{", "}b{"}, {braces, "a{b}c{d}", "b"}, {braces, "a{{b}}", "{b"}, {braces, "", ""},
		{dollars, "a$b$c", "b"}, {dollars, "a$$c", "a$$c"}, {Tag{}, "a{b}c", "a{b}c"},
	} {
		if got := string(test.tag.part([]byte(test.key))); got != test.want {
			t.Errorf("%q: got %q, want %q", test.key, got, test.want)
		}
	}
	if _, err := NewRouting(shardsOf("a"), Keys{Hash: "md5", Distribution: "ketama", Tag: "{"}, ""); err == nil || !strings.Contains(err.Error(), "two characters") {
		t.Errorf("a tag of one character: %v", err)
	}
}
