package load

import "sync"

// A shard is where a few hundred connections keep their figures: a histogram for each connection would take 270 KiB of each.
type shard struct {
	mu       sync.Mutex
	latency  *histogram
	service  *histogram // open loop only
	ok       int64
	wrong    int64
	bytesIn  int64
	lastDone int64 // when the last counted reply came
	example  string
}

func newShard(open bool) *shard {
	s := &shard{latency: newHistogram()}
	if open {
		s.service = newHistogram()
	}
	return s
}

const (
	batchSamples = 32          // latencies a connection collects before it takes its shard's lock
	batchAge     = 100_000_000 // or the time in ns: a slow connection must show in the progress, too
)

// samples is what one connection has seen since it last took its shard's lock. It belongs to the goroutine that reads.
type samples struct {
	to      *shard
	n       int
	latency [batchSamples]int64
	service []int64 // as long as latency in the open loop, nil otherwise
	wrong   int64
	bytesIn int64
	flushed int64 // when the lock was last taken
	last    int64
	example string
}

// add notes a right reply that came at now.
func (s *samples) add(now, latency, service int64) {
	s.latency[s.n] = latency
	if s.service != nil {
		s.service[s.n] = service
	}
	s.last = now
	if s.n++; s.n == batchSamples {
		s.flush(now)
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
	for i := range s.n {
		s.to.latency.record(s.latency[i])
		if s.service != nil {
			s.to.service.record(s.service[i])
		}
	}
	s.to.ok += int64(s.n)
	s.to.wrong += s.wrong
	s.to.bytesIn += s.bytesIn
	s.to.lastDone = max(s.to.lastDone, s.last)
	if s.to.example == "" {
		s.to.example = s.example
	}
	s.to.mu.Unlock()
	s.n, s.wrong, s.bytesIn, s.flushed = 0, 0, 0, now
}
