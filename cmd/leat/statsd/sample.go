package statsd

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

	"github.com/leat-io/leat/stage"
)

// A Kind is the type of a series.
type Kind uint8

const (
	Counter Kind = iota
	Gauge
	Timer // and histogram, and distribution
	Set
)

// A Sample is one value. Its slices alias the datagram.
type Sample struct {
	stage.Head
	Name   []byte
	Tags   []byte  // as they were sent, without the #
	Value  float64 // not of a Set
	Member []byte  // of a Set
	Rate   float64 // at which the client samples: 1 for all
	Kind   Kind
	Delta  bool // of a Gauge: Value is to be added
	key    uint64
}

// Key is the key by which samples are sharded: the same for all samples of a series.
func Key(s *Sample) uint64 { return s.key }

// Bounds of a sample.
const (
	MaxName = 512 // bytes
	MaxTags = 32
)

// A Malformed says why a line is no sample. It is an error.
type Malformed uint8

const (
	noColon Malformed = iota
	noName
	longName
	badName
	noType
	badType
	badValue
	severalValues
	badRate
	badTags
	manyTags
	timed
	badField
	event

	reasons
)

var sentences = [reasons]string{
	noColon: "no colon behind the name", noName: "no name", longName: "a name of more than 512 bytes",
	badName: "a space, a control character or one of ; \" in a name or tag", noType: "no type", badType: "a type that is none of c, g, ms, h, d, s",
	badValue: "a value that is no number", severalValues: "several values", badRate: "a rate that is not above 0 and at most 1",
	badTags: "tags without text", manyTags: "more than 32 tags", timed: "a time of its own", badField: "a field that is not known",
	event: "an event or a service check",
}

func (m Malformed) Error() string { return sentences[m] }

// A Decoder reads samples. The zero value is ready.
type Decoder struct{}

// Decode implements stage.Decoder but for what it does about errors: a line that is no sample is a Malformed, and n is its length, so
// that the next line can be decoded. An empty line is stage.ErrSkip. The last line may lack its end.
func (Decoder) Decode(b []byte, s *Sample) (n int, err error) {
	line := b
	n = len(b)
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		line, n = b[:end], end+1
	}
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if len(line) == 0 {
		return n, stage.ErrSkip
	}
	if m := s.read(line); m < reasons {
		return n, m
	}
	return n, nil
}

// read fills s from a line; reasons is that nothing is wrong.
func (s *Sample) read(line []byte) Malformed {
	if line[0] == '_' && (bytes.HasPrefix(line, []byte("_e{")) || bytes.HasPrefix(line, []byte("_sc|"))) {
		return event
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return noColon
	}
	s.Name, s.Rate = line[:colon], 1
	switch {
	case colon == 0:
		return noName
	case colon > MaxName:
		return longName
	case !printable(s.Name):
		return badName
	}
	value, rest, ok := bytes.Cut(line[colon+1:], []byte{'|'})
	if !ok {
		return noType
	}
	word, rest, more := bytes.Cut(rest, []byte{'|'})
	if m := s.readValue(word, value); m < reasons {
		return m
	}
	for more {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte{'|'})
		if m := s.readField(field); m < reasons {
			return m
		}
	}
	s.key = stage.Hash(s.Name) + hashTags(s.Tags) + uint64(s.Kind)
	return reasons
}

func (s *Sample) readValue(word, value []byte) Malformed {
	switch string(word) {
	case "c":
		s.Kind = Counter
	case "g":
		s.Kind = Gauge
	case "ms", "h", "d":
		s.Kind = Timer
	case "s":
		s.Kind, s.Member = Set, value
		if len(value) == 0 {
			return badValue
		}
		return reasons
	case "":
		return noType
	default:
		return badType
	}
	var ok bool
	if s.Value, ok = number(value); !ok {
		if bytes.IndexByte(value, ':') >= 0 {
			return severalValues
		}
		return badValue
	}
	s.Delta = s.Kind == Gauge && (value[0] == '+' || value[0] == '-')
	return reasons
}

// readField reads what stands behind the type.
func (s *Sample) readField(field []byte) Malformed {
	switch {
	case len(field) == 0:
		return badField
	case field[0] == '@':
		rate, ok := number(field[1:])
		if !ok || !(rate > 0 && rate <= 1) {
			return badRate
		}
		s.Rate = rate
		return reasons
	case field[0] == '#':
		s.Tags = field[1:]
		return checkTags(s.Tags)
	case field[0] == 'T':
		return timed
	case bytes.HasPrefix(field, []byte("c:")), bytes.HasPrefix(field, []byte("e:")), bytes.HasPrefix(field, []byte("card:")):
		return reasons
	}
	return badField
}

// number reads a finite number. strconv keeps nothing of what it is given: its errors have copies.
func number(b []byte) (float64, bool) {
	if v, ok := integer(b); ok {
		return v, true
	}
	if len(b) == 0 || len(b) > 64 || b[len(b)-1]-'0' > 9 && b[len(b)-1] != '.' { // no inf, no nan, no hexadecimal
		return 0, false
	}
	for _, c := range b {
		if c == '_' || c|0x20 == 'x' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(unsafe.String(&b[0], len(b)), 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// integer reads up to 15 digits, which most values are: they are exact as a float64.
func integer(b []byte) (float64, bool) {
	digits := b
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	n := int64(0)
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	if b[0] == '-' {
		n = -n
	}
	return float64(n), true
}

// printable says whether b can stand in a line of Graphite, and in double quotes.
func printable(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == 0x7f || c == ';' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
