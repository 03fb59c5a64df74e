package stagetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
)

// BenchBatches are the sizes of batches in which Bench runs a stage: alone, as a lane that reads meets them, and so many that
// more would change little.
var BenchBatches = []int{1, 32, 256}

// Messages are made together, benchAtOnce of them or a batch: a reading of the clock then costs less than half a nanosecond
// each.
const benchAtOnce = 256

// Bench benchmarks one stage, alone on a lane, in a sub-benchmark for each of [BenchBatches]:
//
//	func BenchmarkCompress(b *testing.B) {
//		stagetest.Bench(b, Compress(6), func(i int, p *page) { p.Body = pages[i%len(pages)] })
//	}
//
// Fill fills message i; it is called before the clock runs, for 256 messages, which the stage is then given again and again. One op is
// one batch. The times are those of Process and the end of the batch. The making of the input is left out: before each round
// the clock stands while the structs and their bytes become what fill has made them. What a stage changes behind pointers,
// or in slices of other things than bytes, stays changed. About 10 ns a batch are the lane's.
//
// Reported are ns/op and ns/msg, msgs/op, B/s of the bytes in the messages if they have any, and allocations per op.
func Bench[In, Out any](b *testing.B, mk stage.Maker[In, Out], fill func(i int, m *In)) {
	for _, size := range BenchBatches {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) { bench(b, mk, fill, size) })
	}
}

func bench[In, Out any](b *testing.B, mk stage.Maker[In, Out], fill func(int, *In), size int) {
	r := NewRig(mk)
	in := newInput(r.Lane.Lane, fill, max(size, benchAtOnce))
	defer in.release()
	var spent time.Duration
	batches, at := 0, len(in.batch)
	b.ReportAllocs()
	for b.Loop() {
		if at == len(in.batch) {
			in.restore()
			at = 0
		}
		// All batches of a round are timed together, with the last.
		if batches++; at == 0 {
			spent -= time.Since(benchEpoch)
		}
		if _, err := r.Push(in.batch[at : at+size]...); err != nil {
			b.Fatal(err)
		}
		r.End()
		if at += size; at == len(in.batch) {
			spent += time.Since(benchEpoch)
		}
	}
	if at < len(in.batch) {
		spent += time.Since(benchEpoch)
	}
	if errs := r.Lane.Reported(); len(errs) > 0 {
		b.Fatal(errs[0])
	}
	in.report(b, spent, batches, size)
}

// benchEpoch is what the clock is read against: the difference costs half of what time.Now does.
var benchEpoch = time.Now()

// An input is the messages of one round.
type input[In any] struct {
	lane   *stage.Lane
	images []In // as fill has made them, but for their bytes, which lie in slabs
	work   []In // what the stage is given
	batch  []*In
	held   []*In
	bytes  [][2][]byte // those of the slabs, and what belongs there
	total  int         // bytes
}

func newInput[In any](l *stage.Lane, fill func(int, *In), n int) *input[In] {
	stage.NeedHead[In]("stagetest.Bench")
	in := &input[In]{lane: l, images: make([]In, n), work: make([]In, n), batch: make([]*In, n)}
	for i := range in.images {
		m := &in.images[i]
		fill(i, m)
		intoSlab(l, m)
		if stage.HeadOf(m).Slab() != nil {
			in.held = append(in.held, m)
		}
		eachBytes(reflect.ValueOf(m).Elem(), func(b []byte) []byte {
			in.bytes = append(in.bytes, [2][]byte{b, append([]byte(nil), b...)})
			in.total += len(b)
			return b
		})
	}
	stage.Lend(l, "the benchmark", in.held) // the slabs stay
	return in
}

func (in *input[In]) restore() {
	for _, b := range in.bytes {
		copy(b[0], b[1])
	}
	copy(in.work, in.images)
	for i := range in.work {
		in.batch[i] = &in.work[i]
	}
}

func (in *input[In]) release() { stage.Unlend(in.lane, "the benchmark", in.held) }

func (in *input[In]) report(b *testing.B, spent time.Duration, batches, size int) {
	messages := float64(batches) * float64(size)
	b.ReportMetric(float64(spent)/float64(batches), "ns/op")
	b.ReportMetric(float64(spent)/messages, "ns/msg")
	b.ReportMetric(float64(size), "msgs/op")
	if in.total > 0 {
		b.ReportMetric(messages*float64(in.total)/float64(len(in.images))/spent.Seconds(), "B/s")
	}
}
