package mux_test

import (
	"testing"

	"github.com/leat-io/leat/codec/mux"
)

func BenchmarkParse64(b *testing.B) {
	b.ReportAllocs()
	wire := mux.AppendData(nil, 7, 0, make([]byte, 56))
	f := mux.Format{Max: mux.DefaultSettings.MaxFrame}
	var v mux.Frame
	for b.Loop() {
		if n, err := f.Decode(wire, &v); n != 64 || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkAppend4KiB(b *testing.B) {
	b.ReportAllocs()
	payload, buf := make([]byte, 4096), make([]byte, 0, 8192)
	b.SetBytes(4096)
	for b.Loop() {
		buf = mux.Seal(mux.AppendData(buf[:0], 7, 0, payload), 0)
	}
}

func BenchmarkCheck4KiB(b *testing.B) {
	b.ReportAllocs()
	wire := mux.Seal(mux.AppendData(nil, 7, 0, make([]byte, 4096)), 0)
	f := mux.Format{Max: mux.DefaultSettings.MaxFrame, Checked: true}
	var v mux.Frame
	b.SetBytes(4096)
	for b.Loop() {
		if _, err := f.Decode(wire, &v); err != nil {
			b.Fatal(err)
		}
	}
}
