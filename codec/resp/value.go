package resp

import "strconv"

// A Kind is the type of a value: the byte that it begins with on the wire.
type Kind byte

const (
	KindSimple    Kind = '+' // a string of one line, such as OK
	KindError     Kind = '-'
	KindInteger   Kind = ':'
	KindBulk      Kind = '$' // a string of any bytes
	KindArray     Kind = '*'
	KindNull      Kind = '_' // also the null bulk string and the null array of RESP2
	KindBool      Kind = '#'
	KindDouble    Kind = ','
	KindBigNumber Kind = '(' // an integer of any size
	KindBulkError Kind = '!' // an error of any bytes
	KindVerbatim  Kind = '=' // a string with the format that it is to be shown in
	KindMap       Kind = '%'
	KindSet       Kind = '~'
	KindPush      Kind = '>' // an array that answers no request

	kindAttributes Kind = '|' // a map in front of a value
)

// A Value is a place in a reply that was found valid. It aliases the bytes of its message and lives as long as they do. What
// it returns of them ends in its capacity where it ends. The zero Value is a null.
type Value struct {
	attributes []byte // in front of raw
	raw        []byte // from the byte of the kind to the end
}

// Kind returns the type of the value. All nulls are of one kind; Raw tells them apart.
func (v Value) Kind() Kind {
	if v.IsNull() {
		return KindNull
	}
	return Kind(v.raw[0])
}

// Raw returns the value as it is on the wire, without its attributes.
func (v Value) Raw() []byte { return v.raw }

// IsNull says whether the value is the null, or a null bulk string or array of RESP2.
func (v Value) IsNull() bool {
	return len(v.raw) == 0 || v.raw[0] == '_' || len(v.raw) == len("$-1\r\n") && string(v.raw[1:3]) == "-1" && v.counted()
}

// IsError says whether the value is an error, of one line or of any bytes.
func (v Value) IsError() bool {
	return len(v.raw) > 0 && (v.raw[0] == byte(KindError) || v.raw[0] == byte(KindBulkError))
}

// counted says whether the value is one that RESP2 has nulls of.
func (v Value) counted() bool { return v.raw[0] == byte(KindBulk) || v.raw[0] == byte(KindArray) }

// Str returns the bytes of a string or error and the digits of a number. It is nil for other kinds, and not nil for an
// empty string.
func (v Value) Str() []byte {
	switch v.Kind() {
	case KindBulk, KindBulkError:
		_, from := number(v.raw)
		return clip(v.raw, from, len(v.raw)-2)
	case KindVerbatim:
		_, from := number(v.raw)
		return clip(v.raw, from+len("txt:"), len(v.raw)-2)
	case KindSimple, KindError, KindInteger, KindDouble, KindBigNumber:
		return clip(v.raw, 1, len(v.raw)-2)
	}
	return nil
}

// Format returns the three bytes that say how a verbatim string is to be shown, such as txt or mkd, and nil for other kinds.
func (v Value) Format() []byte {
	if v.Kind() != KindVerbatim {
		return nil
	}
	_, from := number(v.raw)
	return clip(v.raw, from, from+len("txt"))
}

func clip(b []byte, from, to int) []byte { return b[from:to:to] }

// Int returns the number that an integer is, and false for other kinds.
func (v Value) Int() (n int64, ok bool) {
	if v.Kind() != KindInteger {
		return 0, false
	}
	return parseInt(v.Str())
}

// Float returns the number that a double or an integer is, or a string as RESP2 sends doubles. It is false for other kinds,
// for a string that is no number, and for a number over the range of a float64.
func (v Value) Float() (f float64, ok bool) {
	switch v.Kind() {
	case KindDouble, KindInteger, KindBigNumber, KindBulk, KindSimple:
		if s := v.Str(); isFloat(s) {
			if s[len(s)-1] == 'n' { // strconv takes nan without a sign only
				s = unsigned(s)
			}
			f, err := strconv.ParseFloat(string(s), 64)
			return f, err == nil
		}
	}
	return 0, false
}

// Bool returns a truth value, and whether the value is one. The integers 1 and 0 are too, in the place of which RESP2 sends
// them.
func (v Value) Bool() (is, ok bool) {
	switch v.Kind() {
	case KindBool:
		return v.raw[1] == 't', true
	case KindInteger:
		n, _ := v.Int()
		return n == 1, n == 0 || n == 1
	}
	return false, false
}
