package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/leat-io/leat/stage"
)

// A Recording is what the nodes of a pipeline were given while it ran, so that each of them can be given the same again,
// alone: to see what it makes of it, or to measure what it costs.
//
//	rec := p.Record(4096)
//	// Run p with real traffic, call rec.Start on the way, and wait until rec.Full or until Run has returned.
//	r, err := rec.Replay("decode", 32)
//
// A recorded message is a copy of its struct, of its slices, and of what lies in them, to any depth. What it has pointers,
// maps or interfaces to it shares with the pipeline, as the stages share what their makers gave them: a stage that works on
// data outside of its messages goes on working on them. A message whose pointers lead to bytes of a slab cannot be recorded.
//
// Segments are recorded of connections that had sent nothing before, so that a decoder meets each of them from its first byte.
type Recording struct {
	p      *Pipeline
	most   int
	tracks []track // in order of declaration

	mu      sync.Mutex
	started bool // guarded by mu
}

// recordBytes is the most memory that the recording of one node may take, in bytes of its messages.
const recordBytes = 64 << 20

// A track is the recording of one node, without its type.
type track interface {
	node() *node
	open(on bool)
	full() bool
	recorded() Recorded
	inputs() []Seen
	replay(batch int) (*Replay, error)
}

// Recorded says what there is of one node.
type Recorded struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Messages int    `json:"messages"`
	Bytes    int    `json:"bytes"` // that they carry
}

// Record makes the pipeline able to record at most so many messages of each node. It is called behind the declaration and
// before Run. A source is given nothing, so there is nothing to record; the second arm of a Branch or Tee is part of the
// first.
func (p *Pipeline) Record(most int) *Recording {
	if most < 1 {
		p.misuse("Record wants to keep at least 1 message, not %d", most)
	}
	if p.ran.Load() {
		p.misuse("Record must come before Run")
	}
	r := &Recording{p: p, most: most}
	for _, n := range p.nodes {
		var t track
		for _, record := range n.records {
			t = record(r, t)
		}
		n.records = nil
		if t != nil {
			r.tracks = append(r.tracks, t)
		}
	}
	return r
}

// Start begins to record. It may be called at any time, once.
func (r *Recording) Start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started {
		return
	}
	r.started = true
	for _, t := range r.tracks {
		t.open(true)
	}
}

// Stop ends recording. Before Start it keeps it from beginning.
func (r *Recording) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = true
	for _, t := range r.tracks {
		t.open(false)
	}
}

// Full says whether every node has been given as many messages as are recorded of it.
func (r *Recording) Full() bool {
	return !slices.ContainsFunc(r.tracks, func(t track) bool { return !t.full() })
}

// Nodes are the nodes that can be recorded, in order of declaration.
func (r *Recording) Nodes() (all []Recorded) {
	for _, t := range r.tracks {
		all = append(all, t.recorded())
	}
	return all
}

// Check says why there can be no recording of a node, in a sentence that names those of which there can.
func (r *Recording) Check(node string) error {
	_, err := r.track(node)
	return err
}

// ErrRuns is what Replay returns while the pipeline runs: what its connections remember belongs to its lanes.
var ErrRuns = errors.New("the pipeline still runs")

// Replay prepares to give a node what was recorded of it, in batches of the given size. The pipeline has ended. Close must
// follow.
func (r *Recording) Replay(node string, batch int) (*Replay, error) {
	t, err := r.track(node)
	if err != nil {
		return nil, err
	}
	if r.p.ran.Load() && !r.p.ended.Load() {
		return nil, fmt.Errorf("pipeline %s: replay of %q: %w", r.p.name, node, ErrRuns)
	}
	switch have := t.recorded().Messages; {
	case batch < 1:
		return nil, fmt.Errorf("pipeline %s: replay of %q: a batch has at least 1 message, not %d", r.p.name, node, batch)
	case have == 0:
		return nil, fmt.Errorf("pipeline %s: replay of %q: no message came to it", r.p.name, node)
	case have < batch:
		return nil, fmt.Errorf("pipeline %s: replay of %q: there are %d messages, fewer than a batch of %d", r.p.name, node, have, batch)
	}
	return t.replay(batch)
}

func (r *Recording) track(name string) (track, error) {
	var known []string
	for _, t := range r.tracks {
		if t.node().name == name {
			return t, nil
		}
		known = append(known, fmt.Sprintf("%q", t.node().name))
	}
	for _, n := range r.p.nodes {
		switch {
		case n.name != name:
		case n.kind == kindSource:
			return nil, fmt.Errorf("pipeline %s: %q is a source, which is given nothing; choose %s", r.p.name, name, strings.Join(known, ", "))
		default:
			return nil, fmt.Errorf("pipeline %s: %q is the other arm of a %s, and replayed with it; choose %s", r.p.name, name, n.kind, strings.Join(known, ", "))
		}
	}
	return nil, fmt.Errorf("pipeline %s: there is no node %q; choose %s", r.p.name, name, strings.Join(known, ", "))
}

// A Seen is one message at the entrance of a node.
type Seen struct {
	Node    string // whose entrance it is
	Conn    uint64 // the number of its connection, 0 for none
	Seq     uint32 // its place in the order of requests
	Message any    // a pointer to a copy
}

// Inputs are the messages that were recorded of a node, in the order in which they came.
func (r *Recording) Inputs(node string) ([]Seen, error) {
	t, err := r.track(node)
	if err != nil {
		return nil, err
	}
	return t.inputs(), nil
}

// record makes the track of what consumes f, or adds f to it when several flows come together there.
func (f *Flow[T]) record(n *node, r *Recording, have track) track {
	t, ok := have.(*reel[T])
	if !ok {
		t = &reel[T]{to: n, most: r.most, make: f.make, copier: newCopier[T](), begun: map[*stage.Conn]bool{}}
	}
	through := f.make
	f.make = func(ln *lane) stage.Sink[T] { return &tap[T]{reel: t, to: through(ln)} }
	return t
}
