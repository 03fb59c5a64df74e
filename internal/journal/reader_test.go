package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var some = []string{"one", "a second", strings.Repeat("long ", 100), "x", "the end"}

// ends are the offsets behind the header and behind each record of some.
func ends(texts []string) (at []int64) {
	at = append(at, fileHead)
	for i, s := range texts {
		at = append(at, at[i]+recordHead+int64(len(s)))
	}
	return at
}

func TestAFileCutAnywhereGivesTheWholeRecordsBefore(t *testing.T) {
	b, at := written(t, Always, some...), ends(some)
	for n := range len(b) + 1 {
		got := read(b[:n])
		whole := 0
		for whole < len(some) && at[whole+1] <= int64(n) {
			whole++
		}
		valid := at[whole]
		if n < fileHead {
			valid = 0
		}
		if got.err != nil || !slices.Equal(got.texts, some[:whole]) || got.offset != valid || got.torn != int64(n)-valid {
			t.Fatalf("cut at %d: %d records, valid up to %d and %d torn, %v; want %d, %d", n, len(got.texts), got.offset, got.torn, got.err, whole, valid)
		}
	}
}

func TestWhateverIsBehindTheLastRecordIsATornTail(t *testing.T) {
	b := written(t, Always, some...)
	garbage := make([]byte, readAhead+1000)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(garbage)
	for what, tail := range map[string][]byte{
		"a zero": {0}, "zeros": make([]byte, 8192), "many zeros": make([]byte, 2*readAhead), "ones": bytes.Repeat([]byte{0xff}, 5000),
		"garbage": garbage, "the file itself": b, "a piece of it": b[fileHead : len(b)-3],
	} {
		got := read(append(bytes.Clone(b), tail...))
		if got.err != nil || !slices.Equal(got.texts, some) || got.offset != int64(len(b)) || got.torn != int64(len(tail)) {
			t.Errorf("%s: %d records, valid up to %d, %d torn, %v", what, len(got.texts), got.offset, got.torn, got.err)
		}
	}
}

// Power is lost while the last record is written: any of its blocks may be missing.
func TestALastRecordWithHolesIsATornTail(t *testing.T) {
	long := append(slices.Clone(some), strings.Repeat("0123456789abcdef", 4096))
	b, at := written(t, Always, long...), ends(long)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		c := bytes.Clone(b)
		from := at[len(some)] + rng.Int64N(int64(len(b))-at[len(some)])
		clear(c[from:min(from+4096, int64(len(c)))])
		if got := read(c); got.err != nil || !slices.Equal(got.texts, some) || got.offset != at[len(some)] {
			t.Fatalf("zeros at %d: %d records, valid up to %d, %v", from, len(got.texts), got.offset, got.err)
		}
	}
}

func TestAFlippedBitIsFoundWhereverItIs(t *testing.T) {
	b, at := written(t, Always, some...), ends(some)
	for i := range 8 * len(b) {
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		got := read(c)
		bad := 0 // the record that has the bit
		for bad < len(some)-1 && at[bad+1] <= int64(i/8) {
			bad++
		}
		switch {
		case i/8 < fileHead:
			if !errors.Is(got.err, ErrFormat) && !errors.Is(got.err, ErrDamaged) {
				t.Fatalf("bit %d of the header: %v", i, got.err)
			}
		case !slices.Equal(got.texts, some[:bad]) || got.offset != at[bad]:
			t.Fatalf("bit %d, in record %d: %d records, valid up to %d", i, bad, len(got.texts), got.offset)
		case bad == len(some)-1:
			if got.err != nil {
				t.Fatalf("bit %d of the last record: %v", i, got.err)
			}
		case !errors.Is(got.err, ErrDamaged) || !strings.Contains(got.err.Error(), fmt.Sprintf("at offset %d; whole records follow at offset %d", at[bad], at[bad+1])):
			t.Fatalf("bit %d, in record %d: %v", i, bad, got.err)
		}
	}
}

// What had been written and not synced may be lost in any order: a whole record behind a lost one is no proof of damage.
func TestRecordsThatWereNotSettledMayBeLostInAnyOrder(t *testing.T) {
	b, at := written(t, EverySecond, some...), ends(some) // all within the first second
	clear(b[at[1]:at[2]])
	if got := read(b); got.err != nil || !slices.Equal(got.texts, some[:1]) || got.torn != at[5]-at[1] {
		t.Errorf("%d records, %d bytes torn, %v", len(got.texts), got.torn, got.err)
	}
	b = written(t, Never, some...)
	clear(b[at[1]:at[2]])
	if got := read(b); !errors.Is(got.err, ErrDamaged) || len(got.texts) != 1 {
		t.Errorf("without any sync: %d records, %v", len(got.texts), got.err)
	}
}

// A client may store what looks like a record, even the very bytes of the journal.
func TestAMessageThatLooksLikeARecordIsNone(t *testing.T) {
	w, m := newMemory(t, Always)
	commit(t, w, "one")
	one := string(m.bytes()[fileHead:])
	commit(t, w, strings.Repeat(one, 50))
	b := m.bytes()
	for n := fileHead + len(one) + 1; n < len(b); n++ {
		if got := read(b[:n]); got.err != nil || len(got.texts) != 1 {
			t.Fatalf("cut at %d: %d records, %v", n, len(got.texts), got.err)
		}
	}
	w.Close()
}

func TestAFileOfSomethingElseIsRefused(t *testing.T) {
	good := written(t, Always, "one")
	other := bytes.Clone(good)
	binary.LittleEndian.PutUint32(other[8:], 2)
	binary.LittleEndian.PutUint32(other[20:], crc32.Checksum(other[:20], castagnoli))
	for want, b := range map[string][]byte{
		"shorter than the header": []byte("hello\n"),
		`does not begin with`:     []byte("SET a 1\r\nSET b 2\r\nSET c 3\r\n"),
		"of version 2":            other,
		"24 bytes are damaged":    append([]byte(magic), make([]byte, 100)...),
	} {
		got := read(b)
		if got.err == nil || !strings.Contains(got.err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, got.err)
		}
	}
	for _, b := range [][]byte{nil, {0, 0, 0}, good[:5], good[:23], make([]byte, 23)} {
		if got := read(b); got.err != nil || got.offset != 0 || got.torn != int64(len(b)) {
			t.Errorf("%d bytes of a header: valid up to %d, %d torn, %v", len(b), got.offset, got.torn, got.err)
		}
	}
}

// A length is believed only when its sum is right and the file is long enough.
func TestAClaimedLengthAllocatesNothing(t *testing.T) {
	b := written(t, Always, "one", "two")
	claim := bytes.Clone(b)
	binary.LittleEndian.PutUint32(claim[fileHead+8:], maxRecord)
	r, err := NewReader(bytes.NewReader(claim), int64(len(claim)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, ErrDamaged) || cap(r.buf) > readAhead {
		t.Errorf("%v, and %d bytes allocated", err, cap(r.buf))
	}
	w, m := newMemory(t, Always)
	long := bytes.Clone(b[:fileHead+recordHead])
	w.Close()
	copy(long, m.bytes())
	binary.LittleEndian.PutUint32(long[fileHead+8:], maxRecord)
	binary.LittleEndian.PutUint64(long[fileHead:], fileHead)
	binary.LittleEndian.PutUint32(long[fileHead+12:], w.sums.head(fileHead, long[fileHead:fileHead+12]))
	r, err = NewReader(bytes.NewReader(long), int64(len(long)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != io.EOF || cap(r.buf) > 0 || r.Torn() != recordHead {
		t.Errorf("%v, %d bytes allocated, %d torn", err, cap(r.buf), r.Torn())
	}
}

func TestRecordsLongerThanWhatIsReadAheadAreWhole(t *testing.T) {
	texts := []string{"short", strings.Repeat("x", readAhead-recordHead), strings.Repeat("y", readAhead), strings.Repeat("z", 3*readAhead+7), "end"}
	b := written(t, Always, texts...)
	if got := read(b); got.err != nil || !slices.Equal(got.texts, texts) {
		t.Errorf("%d records, %v", len(got.texts), got.err)
	}
	at := ends(texts)
	b[at[3]+100] ^= 1
	if got := read(b); !errors.Is(got.err, ErrDamaged) || len(got.texts) != 3 {
		t.Errorf("with a flipped bit: %d records, %v", len(got.texts), got.err)
	}
}

// shrinking is a file of which the end disappears while it is read.
type shrinking struct{ *bytes.Reader }

func TestAFileThatShrinksOrFailsIsAnErrorAndNotAnEnd(t *testing.T) {
	b := written(t, Always, some...)
	r, err := NewReader(shrinking{bytes.NewReader(b[:60])}, int64(len(b)))
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if _, err := NewReader(bytes.NewReader(nil), 10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func FuzzReader(f *testing.F) {
	b := written(f, Always, some...)
	f.Add(b[fileHead:])
	f.Add(b[fileHead : len(b)-3])
	f.Add(written(f, EverySecond, some...)[fileHead:])
	f.Add(make([]byte, 100))
	f.Add([]byte{})
	head := b[:fileHead]
	f.Fuzz(func(t *testing.T, tail []byte) {
		for _, file := range [][]byte{tail, append(bytes.Clone(head), tail...), append(bytes.Clone(b), tail...)} {
			got := read(file)
			if got.offset+got.torn != int64(len(file)) && got.err == nil || got.offset > int64(len(file)) {
				t.Errorf("valid up to %d and %d torn of %d", got.offset, got.torn, len(file))
			}
			// What was found good stays so without the rest.
			if again := read(file[:got.offset]); again.err != nil || again.torn != 0 || !slices.Equal(again.texts, got.texts) {
				t.Errorf("%d records of %d without the tail, %v", len(again.texts), len(got.texts), again.err)
			}
		}
		got := read(append(bytes.Clone(b), tail...))
		if len(got.texts) < len(some) || !slices.Equal(got.texts[:len(some)], some) {
			t.Errorf("%d records, with bytes behind %d good ones", len(got.texts), len(some))
		}
	})
}
