package pipeline

import (
	"log/slog"
	"maps"
	"slices"
	"unsafe"

	"github.com/leat-io/leat/stage"
)

// A stand is a node alone on a lane, with the messages that it is given.
type stand[T any] struct {
	replay *Replay
	reel   *reel[T]
	lane   *lane
	top    stage.Sink[T] // the node
	none   stage.Sink[T] // what stands there when the cost of all else is measured
	pop    func()        // takes what a joint was given out of its queues; nil for other nodes
	cast   *cast

	bytesOf *stage.Lane // whose slabs the bytes lie in
	images  []T         // what messages are at the entrance
	patches [][]patch   // and what their slices have in them
	slabbed []*T        // images that hold a slab
	opens   []int       // how many of the messages before own a ticket
	sizes   []int       // bytes of the messages before, with their structs
	work    []T         // the messages of a chunk
	batch   []*T        // points at work
}

// Messages are prepared together until there are chunkMessages of them or they take chunkBytes, and at least a batch: they
// are in a second-level cache when the node gets them, as what was just read is, and a reading of the clock for all of them
// costs less than a nanosecond each.
const (
	chunkMessages = 256
	chunkBytes    = 64 << 10
)

// byReplay names a replay as a holder of memory.
const byReplay = "a replay"

func (t *reel[T]) replay(batch int) (*Replay, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &Replay{node: t.to, batch: batch}
	of := t.to.pipeline
	r.alone = New(of.name, Log(slog.New(slog.DiscardHandler)))
	r.alone.replay = r
	of.mu.Lock()
	r.alone.settings = maps.Clone(of.settings)
	of.mu.Unlock()
	s := &stand[T]{replay: r, reel: t}
	r.reel = s
	if err := s.build(); err != nil {
		return nil, err
	}
	s.load()
	r.rewind()
	return r, nil
}

// build makes the node, as the pipeline does.
func (s *stand[T]) build() (err error) {
	defer func() {
		if v := recover(); v != nil { // a maker
			err = s.replay.failed(v)
		}
	}()
	s.lane = s.replay.alone.newLane(s.reel.to)
	s.bytesOf = s.lane.stage
	if slices.ContainsFunc(origins(s.reel.to.from), func(n *node) bool { return n.joint != nil }) {
		s.bytesOf = stage.NewLane("before "+s.reel.to.name, 0, nil) // bytes came from another lane
	}
	s.none = &outside[T]{replay: s.replay, lane: s.lane.stage}
	if j, ok := s.reel.to.joint.(*crossing[T]); ok {
		return s.join(j)
	}
	s.top = s.reel.make(s.lane)
	s.lane.made()
	return nil
}

// load makes the messages.
func (s *stand[T]) load() {
	heads := make([]*stage.Head, len(s.reel.messages))
	s.images = make([]T, len(heads))
	s.patches = make([][]patch, len(heads))
	s.opens, s.sizes = make([]int, len(heads)+1), make([]int, len(heads)+1)
	for i := range s.reel.messages {
		f, m := &s.reel.messages[i], &s.images[i]
		*m = f.msg
		h := stage.HeadOf(m)
		heads[i] = h
		s.patches[i] = s.reel.copier.stage(m, func(n int) []byte {
			if !f.slab || n == 0 {
				return make([]byte, n)
			}
			slab, b := s.bytesOf.Bytes(n)
			h.SetSlab(slab)
			return b
		})
		if h.Slab() != nil {
			s.slabbed = append(s.slabbed, m)
		}
		s.opens[i+1] = s.opens[i]
		if h.Open() {
			s.opens[i+1]++
		}
		s.sizes[i+1] = s.sizes[i] + f.bytes + int(unsafe.Sizeof(*m))
	}
	stage.Lend(s.bytesOf, byReplay, s.slabbed) // their slabs stay while there is somebody to read them
	_, reading := any(&s.images[0]).(*stage.Segment)
	s.cast = newCast(heads, reading, &s.replay.wrote)
}

func (s *stand[T]) len() int { return len(s.images) }

func (s *stand[T]) bytes(from, to int) int {
	return s.sizes[to] - s.sizes[from] - (to-from)*int(unsafe.Sizeof(s.images[0]))
}

func (s *stand[T]) rewind() {
	s.lane.flush()
	if s.pop != nil {
		s.pop()
	}
	s.cast.begin()
}

func (s *stand[T]) chunk(from int) (to int) {
	for to = from; to < s.len(); {
		to = min(to+s.replay.batch, s.len())
		if to-from >= chunkMessages || s.sizes[to]-s.sizes[from] >= chunkBytes {
			break
		}
	}
	return to
}

func (s *stand[T]) prepare(from, to int) {
	if n := to - from; n > len(s.work) {
		s.work, s.batch = make([]T, n), make([]*T, n)
	}
	for i := from; i < to; i++ {
		m := &s.work[i-from]
		*m = s.images[i]
		for j := range s.patches[i] {
			s.patches[i][j].apply()
		}
		h := stage.HeadOf(m)
		if c := s.cast.conn(i); c != nil {
			h.Rebind(c, s.cast.seq[i], h.Slab())
		}
		s.batch[i-from] = m
	}
}

func (s *stand[T]) run(from, to, batch int, idle bool) {
	top, pop, l := s.top, s.pop, s.lane.stage
	if idle {
		top, pop = s.none, nil
	}
	for i := from; i < to; i += batch {
		n := min(i+batch, to)
		l.Opened(s.opens[n] - s.opens[i])
		top.Push(s.batch[i-from : n-from])
		l.End()
		if pop != nil {
			pop()
		}
	}
}

func (s *stand[T]) settle(from, to int) {
	for i := from; i < to; i++ {
		s.cast.settle(i, s.opens[i+1] > s.opens[i])
	}
}

func (s *stand[T]) name(h *stage.Head) (conn uint64, seq uint32) { return s.cast.recorded(h) }

func (s *stand[T]) close() {
	s.lane.flush()
	if s.pop != nil {
		s.pop()
	}
	stage.Unlend(s.bytesOf, byReplay, s.slabbed)
}

// outside is what follows a node that is alone: what comes out of it is counted, and its tickets are somebody else's.
type outside[T any] struct {
	replay *Replay
	from   string // the flow
	lane   *stage.Lane
}

func (o *outside[T]) Push(b []*T) {
	o.replay.out += len(b)
	if o.replay.seen != nil {
		o.show(b)
	}
	stage.Sent(o.lane, b)
}

func (o *outside[T]) show(b []*T) {
	c := newCopier[T]()
	for _, m := range b {
		conn, seq := o.replay.reel.name(stage.HeadOf(m))
		v := *m
		c.own(&v)
		o.replay.seen(Seen{o.replay.consumer(o.from), conn, seq, &v})
	}
}
