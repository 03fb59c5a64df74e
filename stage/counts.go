package stage

import (
	"math"
	"math/bits"
	"time"
)

// Counts are the counters of one node on one lane. They are plain fields that the lane alone writes; others read them
// through [Lane.Call].
type Counts struct {
	Node    string // name of the node
	ID      int    // of the node, in order of declaration
	In      uint64 // messages that came in
	Out     uint64 // messages that went out
	Batches uint64 // batches that came in
	Dropped uint64 // messages that a full queue cost
	Errors  uint64 // errors that the stage returned
	Panics  uint64
	Times   Times // sampled
	slot    int   // index in the lane's counts

	// Of what happens outside of all nodes, because reads and writes stand at the ends of a batch:
	BytesIn  uint64 // read from connections
	BytesOut uint64 // of answers, handed to connections
}

// Making registers the counters of a node and says that its stage is made next.
func (l *Lane) Making(id int, node string) *Counts {
	c := &Counts{Node: node, ID: id, slot: len(l.counts)}
	l.counts = append(l.counts, c)
	l.making = node
	return c
}

// Counts returns the counters of all nodes on the lane. The first stand for what happens outside of all nodes.
func (l *Lane) Counts() []*Counts { return l.counts }

// Received counts bytes that were read from a connection. The source calls it between Work and Rest.
func (l *Lane) Received(n int) { l.counts[0].BytesIn += uint64(n) }

// Wrote counts bytes that a sink has sent by itself, and not through the outbox.
func (l *Lane) Wrote(n int) { l.counts[0].BytesOut += uint64(n) }

// Enter says which node runs now, so that a panic, an error or a retained message can be put to its account.
func (l *Lane) Enter(c *Counts) {
	if l.suspected.Load() {
		l.confess()
	}
	l.cur = c.slot
}

// Where returns the name of the node that runs.
func (l *Lane) Where() string { return l.counts[l.cur].Node }

// Times is a histogram of durations with four buckets to each doubling, so that a quantile is at most a quarter too long.
type Times struct {
	n       uint64
	buckets [timesLen]uint32
}

const timesLen = 4 * 40 // up to 2^41 ns, 36 minutes; what took longer is counted there

// Add counts one duration.
func (t *Times) Add(d time.Duration) {
	t.buckets[timesBucket(d)]++
	t.n++
}

func timesBucket(d time.Duration) int {
	if d < 4 {
		return int(max(d, 0))
	}
	e := bits.Len64(uint64(d)) - 1 // d is in [2^e, 2^(e+1))
	return min((e-1)*4+int(d>>(e-2))&3, timesLen-1)
}

// N is how many durations were counted.
func (t *Times) N() uint64 { return t.n }

// Merge adds what u has counted.
func (t *Times) Merge(u *Times) {
	t.n += u.n
	for i, n := range u.buckets {
		t.buckets[i] += n
	}
}

// Quantile returns the upper bound of the bucket in which the q-quantile lies, or 0 when nothing was counted.
func (t *Times) Quantile(q float64) time.Duration {
	if t.n == 0 {
		return 0
	}
	want, seen := uint64(math.Ceil(q*float64(t.n))), uint64(0)
	for i, n := range t.buckets {
		if seen += uint64(n); seen >= max(want, 1) {
			return timesUpper(i)
		}
	}
	return timesUpper(timesLen - 1)
}

func timesUpper(i int) time.Duration {
	if i < 4 {
		return time.Duration(i)
	}
	e := i/4 + 1
	return time.Duration(4+i%4+1)<<(e-2) - 1
}
