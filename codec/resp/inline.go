package resp

import "strings"

// Inline requests are lines for people: arguments between blanks, with quotes as in sdssplitargs of redis (sds.c). An
// argument may be quoted in part. In double quotes \n \r \t \b \a stand for control characters, \xHH for a byte, and \ with
// another byte for that; in single quotes there is only \'. Behind a closing quote there must be a blank or the end.

// blank is isspace of C. Argument ends are fewer: \v and \f are blanks in front of an argument, and belong to it inside.
func blank(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

func ends(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// skipBlanks returns where the next argument begins.
func skipBlanks(line []byte, i int) int {
	for i < len(line) && blank(line[i]) {
		i++
	}
	return i
}

// plainSpans finds the arguments of a line that has no quotes and few arguments, in place. It is false for other lines.
func plainSpans(line []byte, spans *[spansKept]span) (n int, ok bool) {
	for i := skipBlanks(line, 0); i < len(line); i = skipBlanks(line, i) {
		if n == len(spans) {
			return 0, false
		}
		from := i
		for ; i < len(line) && !ends(line[i]); i++ {
			if line[i] == '"' || line[i] == '\'' {
				return 0, false
			}
		}
		spans[n] = span{uint32(from), uint32(i - from)}
		n++
	}
	return n, true
}

// rewriteInline returns the n arguments of line as an array. It is false when quotes are not closed, or closed in front of
// something else than a blank.
func rewriteInline(line []byte) (array []byte, n int, ok bool) {
	body := make([]byte, 0, len(line)+64)
	word := make([]byte, 0, len(line))
	for i := skipBlanks(line, 0); i < len(line); i = skipBlanks(line, i) {
		word, i, ok = unquote(word[:0], line, i)
		if !ok {
			return nil, 0, false
		}
		body = AppendBulk(body, word)
		n++
	}
	return append(AppendArray(make([]byte, 0, len(body)+16), n), body...), n, true
}

// unquote appends the argument that begins at line[i] to b and returns where it ends.
func unquote(b, line []byte, i int) (_ []byte, end int, ok bool) {
	for i < len(line) && !ends(line[i]) {
		c := line[i]
		i++
		switch c {
		case '"', '\'':
			b, i, ok = quoted(b, line, i, c)
			return b, i, ok && (i == len(line) || blank(line[i]))
		default:
			b = append(b, c)
		}
	}
	return b, i, true
}

// quoted appends what stands between quotes, of which the first is in front of line[i], and returns where the last ends.
func quoted(b, line []byte, i int, quote byte) (_ []byte, end int, ok bool) {
	for ; i < len(line); i++ {
		c := line[i]
		rest := line[i+1:]
		switch {
		case c == quote:
			return b, i + 1, true
		case c != '\\' || len(rest) == 0:
		case quote == '\'':
			if rest[0] == '\'' {
				c = '\''
				i++
			}
		case rest[0] == 'x' && len(rest) >= 3 && hex(rest[1]) < 16 && hex(rest[2]) < 16:
			c = hex(rest[1])<<4 | hex(rest[2])
			i += 3
		default:
			c = escape(rest[0])
			i++
		}
		b = append(b, c)
	}
	return b, i, false
}

func escape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

// hex returns the value of a hexadecimal digit, or 16.
func hex(c byte) byte {
	const digits = "0123456789abcdef"
	if c-'A' <= 'F'-'A' {
		c |= 0x20
	}
	if i := strings.IndexByte(digits, c); i >= 0 {
		return byte(i)
	}
	return 16
}
