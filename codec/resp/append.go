package resp

import "strconv"

// AppendSimple appends a simple string, such as OK. A CR or LF in it, which would end it early, becomes a space, as in
// redis.
func AppendSimple(b []byte, s string) []byte { return appendLine(b, '+', s) }

// AppendError appends an error, which by convention begins with a code in capitals: "ERR unknown command". A CR or LF in
// it becomes a space.
func AppendError(b []byte, s string) []byte { return appendLine(b, '-', s) }

func appendLine(b []byte, kind Kind, s string) []byte {
	b = append(b, byte(kind))
	start := len(b)
	b = append(b, s...)
	flatten(b[start:])
	return append(b, '\r', '\n')
}

// flatten makes b one line.
func flatten(b []byte) {
	for i, c := range b {
		if c == '\r' || c == '\n' {
			b[i] = ' '
		}
	}
}

// AppendInt appends an integer.
func AppendInt(b []byte, n int64) []byte { return appendHeader(b, KindInteger, n) }

// AppendBulk appends a bulk string, which may hold any bytes. A nil one is empty, not null.
func AppendBulk(b, s []byte) []byte { return appendBulk(b, KindBulk, s) }

// AppendBulkString is [AppendBulk] of a string.
func AppendBulkString(b []byte, s string) []byte { return appendBulk(b, KindBulk, s) }

// AppendArray appends the head of an array of n elements, which must be appended next.
func AppendArray(b []byte, n int) []byte { return appendHeader(b, KindArray, int64(n)) }

// appendHeader appends the line of a number: a length, a count or an integer.
func appendHeader(b []byte, kind Kind, n int64) []byte {
	if uint64(n) < 10 {
		return append(b, byte(kind), '0'+byte(n), '\r', '\n')
	}
	return append(strconv.AppendInt(append(b, byte(kind)), n, 10), '\r', '\n')
}

func appendBulk[S ~string | ~[]byte](b []byte, kind Kind, s S) []byte {
	b = append(appendHeader(b, kind, int64(len(s))), s...)
	return append(b, '\r', '\n')
}

// AppendCommand appends a request as an array of bulk strings, the form in which clients send it. It must have at least
// one argument: servers do not answer one that has none.
func AppendCommand[S ~string | ~[]byte](b []byte, args ...S) []byte {
	b = AppendArray(b, len(args))
	for _, a := range args {
		b = appendBulk(b, KindBulk, a)
	}
	return b
}
