package statsd

import (
	"bytes"

	"github.com/leat-io/leat/stage"
)

// eachTag calls f with each of tags that are separated by commas, until it returns false.
func eachTag(tags []byte, f func(tag []byte) bool) {
	for len(tags) > 0 {
		tag, rest, _ := bytes.Cut(tags, []byte{','})
		if !f(tag) {
			return
		}
		tags = rest
	}
}

// checkTags says what is wrong with tags; reasons is nothing.
func checkTags(tags []byte) Malformed {
	if len(tags) == 0 {
		return badTags
	}
	n, m := 0, reasons
	if tags[len(tags)-1] == ',' {
		return badTags
	}
	eachTag(tags, func(tag []byte) bool {
		n++
		switch {
		case len(tag) == 0 || tag[0] == ':':
			m = badTags
		case !printable(tag):
			m = badName
		case n > MaxTags:
			m = manyTags
		}
		return m == reasons
	})
	return m
}

// hashTags does not depend on the order of tags.
func hashTags(tags []byte) (sum uint64) {
	eachTag(tags, func(tag []byte) bool {
		sum += stage.Hash(tag)
		return true
	})
	return sum
}

// sameTags compares two sets of tags. They mostly come in one order. Of tags that are repeated it only sees that they are there.
func sameTags(a []byte, b string) bool {
	if string(a) == b {
		return true
	}
	if len(a) != len(b) {
		return false
	}
	return allIn(a, []byte(b)) && allIn([]byte(b), a)
}

func allIn(some, tags []byte) (all bool) {
	all = true
	eachTag(some, func(tag []byte) bool {
		found := false
		eachTag(tags, func(other []byte) bool {
			found = bytes.Equal(tag, other)
			return !found
		})
		all = found
		return found
	})
	return all
}
