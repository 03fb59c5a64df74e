package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// Queue moves a flow to one new lane, through one queue.
func (f *Flow[T]) Queue(name string, q queue.Maker[T], opts ...queue.Option) *Flow[T] {
	return f.joint(kindQueue, name, 1, nil, q, opts)
}

// Shard moves a flow to n new lanes, each behind a queue of its own. Messages with equal keys meet on the same lane, in
// order: the key is hashed with xxhash onto [stage.Partitions] virtual partitions, and each lane owns some of them.
func (f *Flow[T]) Shard(name string, n int, key func(*T) uint64, q queue.Maker[T], opts ...queue.Option) *Flow[T] {
	if key == nil {
		f.p.misuse("Shard %q needs a key", name)
	}
	return f.joint(kindShard, name, n, key, q, opts)
}

// Spread moves a flow to n new lanes and gives each message to the one with the shortest queue. The order in which
// messages are processed is lost; answers still go out in order.
func (f *Flow[T]) Spread(name string, n int, q queue.Maker[T], opts ...queue.Option) *Flow[T] {
	return f.joint(kindSpread, name, n, nil, q, opts)
}

// joint is a crossing without its type.
type joint interface {
	prepare() error // makes queues and lanes
	start()
	stop(ctx context.Context) // returns when the lanes have ended, or when ctx ends
	depth() int
	left() (queued, working int, stuck bool)
	lanes() int
}

func (f *Flow[T]) joint(k kind, name string, n int, key func(*T) uint64, q queue.Maker[T], opts []queue.Option) *Flow[T] {
	if n < 1 {
		f.p.misuse("%s %q needs at least 1 lane, not %d", k, name, n)
	}
	if n > stage.Partitions && k == kindShard {
		f.p.misuse("shard %q has %d lanes; there are %d partitions to share out", name, n, stage.Partitions)
	}
	if q == nil {
		f.p.misuse("%s %q needs a queue", k, name)
	}
	out := newFlow[T](f.p, k, name)
	j := &crossing[T]{p: f.p, n: out.n, flow: out, key: key, make: q, cfg: queue.NewConfig(opts...), count: n}
	j.note = fmt.Sprintf("%s %q", k, name)
	if j.cfg.Full != queue.Block {
		out.n.note = j.cfg.Full.String()
	}
	for i := range j.parts {
		j.parts[i] = uint8(i % min(n, stage.Partitions))
	}
	out.n.joint = j
	f.use(out.n, j.enter)
	return out
}

// A crossing is where messages go from the lanes that make them to lanes of its own.
type crossing[T any] struct {
	p     *Pipeline
	n     *node
	flow  *Flow[T]
	key   func(*T) uint64
	make  queue.Maker[T]
	cfg   queue.Config
	count int
	note  string // names the crossing as a holder of memory

	parts  [stage.Partitions]uint8 // the lane that owns each partition
	queues []queue.Queue[T]        // written under p.mu, because Stats may be asked meanwhile
	inlets []*Inlet[T]
	lost   atomic.Int64 // messages that were discarded when the drain time was over
	ended  sync.WaitGroup
	stuck  bool // of Run: a lane has not come back
}

func (j *crossing[T]) prepare() error {
	j.cfg.Producers = j.p.producers(j.n)
	if err := j.cfg.Validate(); err != nil {
		return fmt.Errorf("pipeline %s: %s: %w", j.p.name, j.note, err)
	}
	for range j.count {
		q, err := j.queue()
		if err == nil && q == nil {
			err = fmt.Errorf("its maker made none")
		}
		if err == nil && j.cfg.Full == queue.DropOldest {
			if _, ok := q.(queue.Evicter[T]); !ok {
				err = fmt.Errorf("%T cannot give up its oldest messages; use another queue or drop the newest", q)
			}
		}
		if err != nil {
			return fmt.Errorf("pipeline %s: %s: %w", j.p.name, j.note, err)
		}
		j.inlets = append(j.inlets, j.flow.inlet(j.p.newLane(j.n)))
		j.p.mu.Lock()
		j.queues = append(j.queues, q)
		j.p.mu.Unlock()
	}
	return nil
}

func (j *crossing[T]) queue() (queue.Queue[T], error) {
	defer explain(j.n.kind, j.n.name)
	return j.make(j.cfg)
}

func (j *crossing[T]) start() {
	for i, q := range j.queues {
		j.ended.Go(func() { j.run(q, j.inlets[i]) })
	}
}

// run is the life of one lane.
func (j *crossing[T]) run(q queue.Queue[T], in *Inlet[T]) {
	l := in.Lane
	size := j.cfg.Batch
	if l.Blocks() != "" && !j.cfg.Chosen {
		size = 1
	}
	buf := make([]*T, size)
	l.Work()
	for {
		b := q.Pop(buf)
		if len(b) == 0 {
			l.Rest()
			more := q.Wait(in.Due())
			l.Work()
			if !more {
				break
			}
			if due := in.Due(); !due.IsZero() {
				in.Tick(time.Now())
			}
			continue
		}
		in.ln.working.Store(int32(len(b)))
		b = stage.Lent(b)
		lent := b
		if stage.Leakcheck {
			lent = slices.Clone(b) // stages reorder theirs
		}
		stage.Adopt(l, j.note, b)
		if j.p.isForce.Load() {
			j.lost.Add(int64(len(b)))
			l.End()
		} else {
			in.Push(b)
		}
		stage.Buried(l, lent)
		in.ln.working.Store(0)
	}
	in.ln.flush()
	l.Rest()
}

func (j *crossing[T]) stop(ctx context.Context) {
	for _, q := range j.queues {
		q.Close()
	}
	j.stuck = !await(ctx, &j.ended) // when the drain time is over what is queued is discarded
}

func (j *crossing[T]) depth() (n int) {
	j.p.mu.Lock()
	queues := j.queues
	j.p.mu.Unlock()
	for _, q := range queues {
		n += q.Len()
	}
	return n
}

func (j *crossing[T]) left() (queued, working int, stuck bool) {
	for _, in := range j.inlets {
		working += int(in.ln.working.Load())
	}
	return int(j.lost.Load()) + j.depth(), working, j.stuck
}

func (j *crossing[T]) lanes() int { return j.count }

// producers is the most lanes that push into what n consumes.
func (p *Pipeline) producers(n *node) (count int) {
	for _, origin := range origins(n.from) {
		if origin.joint != nil {
			count += origin.joint.lanes()
		} else {
			count += origin.source.lanes()
		}
	}
	return count
}

// origins are the sources and joints on whose lanes the given nodes run.
func origins(nodes []*node) (found []*node) {
	seen := map[*node]bool{}
	var walk func([]*node)
	walk = func(nodes []*node) {
		for _, n := range nodes {
			switch {
			case seen[n]:
			case n.joint != nil || n.kind == kindSource:
				found = append(found, n)
			default:
				walk(n.from)
			}
			seen[n] = true
		}
	}
	walk(nodes)
	return found
}
