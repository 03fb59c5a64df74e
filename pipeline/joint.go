package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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
//
// That order is the one in which a lane before it has pushed them. Behind a Spread, or a Shard by another key, messages of
// equal keys come from several lanes, in any order; behind a Shard by the same key they do not, whatever the queues are.
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
	depths() []int            // of all queues, also of those whose lanes are spare
	left() (queued, working int, stuck bool)
	lanes() int
	owner(part uint8) int // the lane that has a partition
	resize(ctx context.Context, lanes int) error
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
	j := &crossing[T]{p: f.p, n: out.n, flow: out, key: key, make: q, cfg: queue.NewConfig(opts...), table: newTable(n), turn: make(chan struct{}, 1)}
	j.note = fmt.Sprintf("%s %q", k, name)
	if j.cfg.Full != queue.Block {
		out.n.note = j.cfg.Full.String()
	}
	out.n.joint = j
	f.use(out.n, j.enter)
	return out
}

// A crossing is where messages go from the lanes that make them to lanes of its own.
type crossing[T any] struct {
	p    *Pipeline
	n    *node
	flow *Flow[T]
	key  func(*T) uint64
	make queue.Maker[T]
	cfg  queue.Config
	note string // names the crossing as a holder of memory

	turn chan struct{} // full while the number of lanes changes, and for good when they end

	mu       sync.Mutex
	table    *table           // guarded by mu
	queues   []queue.Queue[T] // guarded by mu, and so the rest
	inlets   []*Inlet[T]      // the lanes, each behind the queue of the same index; those that the table does not have are spare
	started  int              // lanes that have been started
	running  bool
	dividers []*divider[T]
	pause    *pause // for dividers that are made in it

	lost  atomic.Int64 // messages that were discarded when the drain time was over
	ended sync.WaitGroup
	stuck bool // of Run: a lane has not come back
}

func (j *crossing[T]) prepare() error {
	j.cfg.Producers = j.p.producers(j.n)
	if err := j.cfg.Validate(); err != nil {
		return fmt.Errorf("pipeline %s: %s: %w", j.p.name, j.note, err)
	}
	if err := j.grow(j.table.lanes); err != nil {
		return fmt.Errorf("pipeline %s: %s: %w", j.p.name, j.note, err)
	}
	for _, in := range j.inlets {
		in.ln.spare.Store(false)
	}
	return nil
}

// grow makes lanes, with their queues, until there are so many. They are spare until a table has them.
func (j *crossing[T]) grow(lanes int) error {
	for have := len(j.members()); have < lanes; have++ {
		q, err := j.queue()
		if err != nil {
			return err
		}
		ln := j.p.newLane(j.n)
		ln.place = have
		ln.spare.Store(true)
		in := j.flow.inlet(ln)
		j.mu.Lock()
		j.queues, j.inlets = append(j.queues, q), append(j.inlets, in)
		j.mu.Unlock()
	}
	return nil
}

// members are the lanes that there are, spare ones too.
func (j *crossing[T]) members() []*Inlet[T] {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.inlets)
}

// queue makes a queue that can do what the crossing wants of it.
func (j *crossing[T]) queue() (q queue.Queue[T], err error) {
	defer explain(j.n.kind, j.n.name)
	if q, err = j.make(j.cfg); err != nil {
		return nil, err
	}
	if q == nil {
		return nil, errors.New("its maker made none")
	}
	if _, ok := q.(queue.Evicter[T]); !ok && j.cfg.Full == queue.DropOldest {
		return nil, fmt.Errorf("%T cannot give up its oldest messages; use another queue or drop the newest", q)
	}
	return q, nil
}

// start starts the lanes that have been made.
func (j *crossing[T]) start() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.running = true
	j.startMade()
}

// startMade starts lanes that have been made since. The lock is held.
func (j *crossing[T]) startMade() {
	for ; j.started < len(j.inlets); j.started++ {
		q, in := j.queues[j.started], j.inlets[j.started]
		j.ended.Go(func() { j.run(q, in) })
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
	if l.Blocks() == "" {
		l.MayCork()
	}
	for {
		b := q.Pop(buf)
		if len(b) == 0 && l.Corked() {
			runtime.Gosched() // for lanes on the same processor that have the answers in between
			b = q.Pop(buf)
		}
		if len(b) == 0 {
			in.ln.idled()
			l.Uncork()
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
	l.Uncork()
	l.Rest()
}

// stop waits for a change of the lanes that is under way, which ends early because the pipeline is stopping.
func (j *crossing[T]) stop(ctx context.Context) {
	select {
	case j.turn <- struct{}{}:
	case <-ctx.Done():
	}
	j.mu.Lock()
	j.running = false
	queues := j.queues
	j.mu.Unlock()
	for _, q := range queues {
		q.Close()
	}
	j.stuck = !await(ctx, &j.ended) // when the drain time is over what is queued is discarded
}

func (j *crossing[T]) depths() (each []int) {
	j.mu.Lock()
	queues := j.queues
	j.mu.Unlock()
	for _, q := range queues {
		each = append(each, q.Len())
	}
	return each
}

func (j *crossing[T]) left() (queued, working int, stuck bool) {
	for _, in := range j.members() {
		working += int(in.ln.working.Load())
	}
	return int(j.lost.Load()) + sum(j.depths()), working, j.stuck
}

func sum(each []int) (n int) {
	for _, k := range each {
		n += k
	}
	return n
}

func (j *crossing[T]) lanes() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.table.lanes
}

func (j *crossing[T]) owner(part uint8) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return int(j.table.parts[part])
}

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
