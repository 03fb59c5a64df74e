package record_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/leat-io/leat/codec/mux/record"
	"github.com/leat-io/leat/stage/stagetest"
)

const fixed = 36 // two u64, a u32, two slices

func build(buf, p, q []byte) []byte {
	b := record.Begin(buf, fixed)
	b.SetUint64(0, 1<<63)
	b.SetUint64(8, 2)
	b.SetUint32(16, 3)
	b = b.AddBytes(20, p)
	b = b.AddBytes(28, q)
	return b.End()
}

func TestWhatWasBuiltIsRead(t *testing.T) {
	buf := build([]byte("before"), []byte("hello"), nil)
	v, err := record.Open(buf[6:], fixed)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := v.Bytes(20)
	q, ok2 := v.Bytes(28)
	if v.Uint64(0) != 1<<63 || v.Uint64(8) != 2 || v.Uint32(16) != 3 || !ok || string(p) != "hello" || !ok2 || len(q) != 0 {
		t.Errorf("got % x", []byte(v))
	}
	if cap(p) != len(p) {
		t.Error("an append to a slice would overwrite what follows")
	}
}

func TestSmallFieldsAreLittleEndian(t *testing.T) {
	b := record.Begin(nil, 3)
	b.SetUint8(0, 1)
	b.SetUint16(1, 0x0302)
	v, err := record.Open(b.End(), 3)
	if err != nil || !bytes.Equal(v, []byte{1, 2, 3}) || v.Uint8(0) != 1 || v.Uint16(1) != 0x0302 {
		t.Errorf("got % x, %v", []byte(v), err)
	}
}

func TestSlicesOutOfTheRecordAreRefused(t *testing.T) {
	for _, at := range []uint64{9, 8 | 1<<32, 1<<32 - 1, 1<<64 - 1, 9 << 32} {
		b := record.Begin(nil, 8)
		b.SetUint64(0, at)
		if p, ok := record.View(b.End()).Bytes(0); ok {
			t.Errorf("%x: got %d bytes", at, len(p))
		}
	}
	if _, err := record.Open(make([]byte, 7), 8); err == nil {
		t.Error("a record shorter than its fixed part was opened")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	buf, p := make([]byte, 0, 128), []byte("0123456789abcdef")
	stagetest.Allocs(t, 0, func() {
		v, _ := record.Open(build(buf, p, p), fixed)
		if _, ok := v.Bytes(28); !ok {
			t.Fatal("no slice")
		}
	})
}

func FuzzView(f *testing.F) {
	f.Add(build(nil, []byte("hello"), []byte("x")))
	f.Add(make([]byte, fixed-1))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := record.Open(b, fixed)
		if (err == nil) != (len(b) >= fixed) {
			t.Fatalf("%d bytes: %v", len(b), err)
		}
		if err != nil {
			return
		}
		p, ok := v.Bytes(20)
		q, ok2 := v.Bytes(28)
		if ok && len(p) > len(b) || ok2 && len(q) > len(b) {
			t.Fatal("a slice longer than its record")
		}
		if !ok || !ok2 {
			return
		}
		again := record.View(build(nil, p, q))
		p2, _ := again.Bytes(20)
		q2, _ := again.Bytes(28)
		if !bytes.Equal(p, p2) || !bytes.Equal(q, q2) {
			t.Fatal("slices that were built again differ")
		}
	})
}

// thereAndBack encodes and decodes a record in one function, as a program that has both at hand does: within b.Loop itself the
// compiler keeps every intermediate value in memory.
func thereAndBack(buf, p, q []byte) uint64 {
	b := record.Begin(buf, fixed)
	b.SetUint64(0, 1)
	b.SetUint64(8, 2)
	b.SetUint32(16, 3)
	b = b.AddBytes(20, p)
	b = b.AddBytes(28, q)
	v, _ := record.Open(b.End(), fixed)
	p, _ = v.Bytes(20)
	q, _ = v.Bytes(28)
	return v.Uint64(0) + v.Uint64(8) + uint64(v.Uint32(16)) + uint64(len(p)+len(q))
}

func BenchmarkFiveFields(b *testing.B) {
	b.ReportAllocs()
	buf, p, q := make([]byte, 0, 128), []byte("0123456789abcdef"), []byte("0123456789abcdef01234567")
	for b.Loop() {
		thereAndBack(buf, p, q)
	}
}

func Example() {
	b := record.Begin(nil, 16)
	b.SetUint64(0, 42)
	b = b.AddBytes(8, []byte("answer"))

	v, err := record.Open(b.End(), 16)
	if err != nil {
		fmt.Println(err)
		return
	}
	name, _ := v.Bytes(8)
	fmt.Printf("%s %d\n", name, v.Uint64(0))
	// Output: answer 42
}
