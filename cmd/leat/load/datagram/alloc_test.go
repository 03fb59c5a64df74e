package datagram

import (
	"runtime"
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

func TestJudgingADatagramAllocatesNothing(t *testing.T) {
	r := &run{cfg: Config{Role: Sink}, clock: newClock()}
	in := newIntake(r)
	b := make([]byte, 64)
	h := header{run: 1, host: r.clock.host}
	stagetest.Allocs(t, 0, func() {
		h.seq++
		h.put(b)
		in.take(0, b, false, int64(h.seq))
	})
}

func TestSendingAllocatesNothingForItsDatagrams(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("package net is what sends here")
	}
	for _, s := range senders() {
		cfg, err := Config{Address: server(t, func(int, []byte) [][]byte { return nil }), Requests: 1, Role: SendOnly, Sender: s}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		r := &run{cfg: cfg, ctx: t.Context(), clock: newClock(), flows: make([]flow, 1)}
		out, _, err := r.open()
		if err != nil {
			t.Fatal(err)
		}
		sn := newSender(r, out)
		stagetest.Allocs(t, 0, func() {
			if err := sn.burst(0, cfg.Batch, func(int) int64 { return 0 }); err != nil {
				t.Fatal(err)
			}
		})
		out.close()
	}
}

func BenchmarkJudge(b *testing.B) {
	r := &run{cfg: Config{Role: Sink}, clock: newClock()}
	in := newIntake(r)
	buf := make([]byte, 64)
	h := header{run: 1, host: r.clock.host}
	b.ReportAllocs()
	for b.Loop() {
		h.seq++
		h.put(buf)
		in.take(0, buf, false, int64(h.seq))
	}
}
