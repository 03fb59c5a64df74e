package load

import (
	"sync"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// A shard is where a few hundred users keep their figures about one address: a histogram for each user would take 270 KiB of each.
type shard struct {
	target int

	mu       sync.Mutex
	latency  []*latency.Histogram // by the phase of the profile in which the request was due
	service  *latency.Histogram   // open loop only
	connect  *latency.Histogram   // pooled only: from wanting a connection to having one
	overTime *latency.Timeline
	ok       int64
	wrong    int64
	refused  refusals
	bytesIn  int64
	lastDone int64 // when the last counted reply came
	example  string
}

func newShard(target, phases int, open bool) *shard {
	s := &shard{target: target, overTime: latency.NewTimeline(), connect: latency.NewHistogram(), refused: refusals{}}
	for range phases {
		s.latency = append(s.latency, latency.NewHistogram())
	}
	if open {
		s.service = latency.NewHistogram()
	}
	return s
}

// connected notes how long it took a user to get a connection.
func (s *shard) connected(ns int64) {
	s.mu.Lock()
	s.connect.Record(ns)
	s.mu.Unlock()
}

const (
	batchSamples = 32          // latencies that are collected before a shard's lock is taken
	batchAge     = 100_000_000 // or the time in ns: a slow connection must show in the progress, too
)

// samples is what has been seen since the lock of a shard was last taken, by a user or by those of one loop. It belongs to the
// goroutine that reads.
type samples struct {
	to      *shard
	from    int64 // when the time that is counted begins
	n       int
	phase   int   // of all n
	step    int64 // of the timeline, of all n
	latency [batchSamples]int64
	service []int64 // as long as latency in the open loop, nil otherwise
	wrong   int64
	refused refusals // nil until there is one
	bytesIn int64
	flushed int64 // when the lock was last taken
	last    int64
	example string
}

func newSamples(r *run, to *shard) *samples {
	s := &samples{to: to, from: r.from}
	if r.open() {
		s.service = make([]int64, batchSamples)
	}
	return s
}

// add notes a right reply that came at now to a request of a phase.
func (s *samples) add(now, took, service int64, phase int) {
	if step := (now - s.from) / int64(latency.Resolution); s.phase != phase || s.step != step {
		s.flush(now)
		s.phase, s.step = phase, step
	}
	s.latency[s.n] = took
	if s.service != nil {
		s.service[s.n] = service
	}
	s.last = now
	if s.n++; s.n == batchSamples {
		s.flush(now)
	}
}

// moveTo has what follows noted in another shard.
func (s *samples) moveTo(to *shard, now int64) {
	if s.to != to {
		s.flush(now)
		s.to = to
	}
}

// turn flushes what has become old; it is called once per read.
func (s *samples) turn(now int64) {
	if now-s.flushed > batchAge {
		s.flush(now)
	}
}

func (s *samples) flush(now int64) {
	s.to.mu.Lock()
	for i := 0; i < s.n; {
		first := i
		for i < s.n && s.latency[i] == s.latency[first] { // those that were written at once and read at once
			i++
		}
		s.to.latency[s.phase].RecordN(s.latency[first], int64(i-first))
		s.to.overTime.RecordN(s.last-s.from, s.latency[first], int64(i-first))
	}
	if s.service != nil {
		for _, ns := range s.service[:s.n] {
			s.to.service.Record(ns)
		}
	}
	s.to.ok += int64(s.n)
	s.to.wrong += s.wrong
	for text, n := range s.refused {
		s.to.refused.add([]byte(text), n)
	}
	s.to.bytesIn += s.bytesIn
	s.to.lastDone = max(s.to.lastDone, s.last)
	if s.to.example == "" {
		s.to.example = s.example
	}
	s.to.mu.Unlock()
	s.n, s.wrong, s.bytesIn, s.flushed = 0, 0, 0, now
	clear(s.refused)
}
