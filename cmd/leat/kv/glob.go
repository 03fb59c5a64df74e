package kv

// match says whether s is like a pattern of Redis: * is any characters, ? is one, [a-c] and [^x] are one of a set, and a
// backslash takes away the meaning of what follows. It takes time in proportion to the product of the lengths at most: of
// several stars only the last is ever tried again.
func match(pattern []byte, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0 // where to go on in pattern and s when something behind the last star did not fit
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p+1, i
				p++
				continue
			}
			if n, fits := one(pattern[p:], s[i]); fits {
				p += n
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// one matches the first element of a pattern, which is no star, and says how long the element is.
func one(pattern []byte, c byte) (n int, fits bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return class(pattern, c)
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	}
	return 1, pattern[0] == c
}

// class matches a set. One that is not closed ends with the pattern.
func class(pattern []byte, c byte) (n int, fits bool) {
	i := 1
	not := i < len(pattern) && pattern[i] == '^'
	if not {
		i++
	}
	for ; i < len(pattern) && pattern[i] != ']'; i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			fits = fits || pattern[i] == c
		case i+2 < len(pattern) && pattern[i+1] == '-':
			low, high := min(pattern[i], pattern[i+2]), max(pattern[i], pattern[i+2])
			fits = fits || low <= c && c <= high
			i += 2
		default:
			fits = fits || pattern[i] == c
		}
	}
	return min(i+1, len(pattern)), fits != not
}
