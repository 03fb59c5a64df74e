package file_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/file"
)

// One op is the replay of a journal with 320000 lines of 64 bytes, in commits of so many lines.
func BenchmarkJournal(b *testing.B) {
	msg := strings.Repeat("x", 63) + "\n"
	for _, each := range []int{1, 32, 10_000} {
		b.Run(fmt.Sprintf("commit=%d", each), func(b *testing.B) {
			pieces := make([]string, 320_000/each)
			for i := range pieces {
				pieces[i] = strings.Repeat(msg, each)
			}
			path, _ := kept(b, pieces...)
			b.SetBytes(int64(320_000 * len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				src := file.Journal(path)
				p := pipeline.New("replay")
				p.From(src).Via("decode", codec.Decode(text)).To("end", sinks.Discard[line.Line]())
				if err := src.Run(b.Context(), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
