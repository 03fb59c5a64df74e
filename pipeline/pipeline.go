// Package pipeline assembles sources, stages, queues and sinks into lanes, runs them, and shows them.
//
// A pipeline is declared in flow order, every edge is typed by the compiler, and each node has a name:
//
//	p := pipeline.New("echo")
//	p.From(tcp.Listen("127.0.0.1:8080")).
//		Via("decode", codec.Decode(line.Text(4096))).
//		Via("upper", stage.Do(upper)).
//		To("reply", sinks.Reply(line.Text(4096)))
//	err := p.Run(ctx)
//
// # The one rule
//
// Only From, Queue, Shard and Spread start lanes. Everything between two of them is fused: it runs on the goroutine of the
// nearest such call above it, as plain calls, with one instance of each stage per goroutine.
//
// # Misuse
//
// A flow that is consumed twice, two nodes of one name, a joint without lanes and a nil argument panic when they are
// declared, with a sentence that names the node. What can only be seen in the whole assembly is an error of [Pipeline.Run]
// before anything starts: a flow that goes nowhere, a blocking stage on the lane of a source, a queue that cannot serve.
//
// # The end
//
// When its context ends, Run drains: sources stop reading, joints empty in flow order, stages that hold messages are
// flushed, and connections close when they are answered. What was accepted is answered; what could not be within the drain
// time is reported by node in a [DrainError].
package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stage"
)

// A Pipeline is a declared graph. Declare it from one goroutine and run it once; Stats, Set and String may be called from
// anywhere while it runs.
type Pipeline struct {
	name     string
	log      *slog.Logger
	drain    time.Duration
	nodes    []*node
	services []Service
	reports  reports
	replay   *Replay // that the pipeline was made for, or nil

	ran     atomic.Bool
	ended   atomic.Bool   // Run has returned
	failed  chan error    // one error that stops the pipeline
	forced  chan struct{} // closed when the drain time is over
	isForce atomic.Bool   // mirrors forced

	life context.Context // ends when the pipeline begins to stop
	stop context.CancelFunc

	mu       sync.Mutex
	lanes    []*lane              // guarded by mu
	settings map[[2]string]string // guarded by mu: parameters that were set, for lanes to come
}

// An Option changes a pipeline.
type Option func(*Pipeline)

// DefaultDrain is how long Run drains before it ends by force: what container platforms give by default.
const DefaultDrain = 30 * time.Second

// DrainTime is how long Run may take to answer what was accepted after its context has ended. The default is 30 s.
func DrainTime(d time.Duration) Option { return func(p *Pipeline) { p.drain = d } }

// Log is where failures of stages are reported. The default is slog.Default at the time of New.
func Log(l *slog.Logger) Option { return func(p *Pipeline) { p.log = l } }

// New makes an empty pipeline.
func New(name string, opts ...Option) *Pipeline {
	p := &Pipeline{
		name:     name,
		log:      slog.Default(),
		drain:    DefaultDrain,
		failed:   make(chan error, 1),
		forced:   make(chan struct{}),
		settings: map[[2]string]string{},
	}
	for _, o := range opts {
		o(p)
	}
	p.life, p.stop = context.WithCancel(context.Background())
	p.reports.pipeline = p
	return p
}

// Name returns the name that New was given.
func (p *Pipeline) Name() string { return p.name }

// A node is one named place of the graph.
type node struct {
	pipeline *Pipeline
	id       int
	name     string
	kind     kind
	from     []*node
	used     bool // something consumes what it gives
	note     string
	joint    joint  // of a queue, shard or spread
	source   source // of a source
	gauged   atomic.Pointer[Gauged]
	records  []func(*Recording, track) track // makes the track of what comes in by each flow
}

// show has the node show the figures of g, unless it shows others already.
func (n *node) show(g Gauged) { n.gauged.CompareAndSwap(nil, &g) }

type kind string

const (
	kindSource kind = "source"
	kindStage  kind = "stage"
	kindQueue  kind = "queue"
	kindShard  kind = "shard"
	kindSpread kind = "spread"
	kindBranch kind = "branch"
	kindTee    kind = "tee"
	kindMerge  kind = "merge"
	kindSink   kind = "sink"
)

// misuse panics with a sentence about a mistake in the declaration.
func (p *Pipeline) misuse(format string, args ...any) {
	panic(fmt.Sprintf("pipeline %s: %s", p.name, fmt.Sprintf(format, args...)))
}

// explain is deferred where something is made by a function of the user: a panic goes on as a sentence that names the node.
func explain(k kind, name string) {
	if r := recover(); r != nil {
		panic(fmt.Sprintf("making %s %q failed: %v", k, name, r))
	}
}

func (p *Pipeline) add(k kind, name string) *node {
	if name == "" {
		p.misuse("a %s needs a name", k)
	}
	for _, o := range p.nodes {
		if o.name == name {
			p.misuse("there are two nodes named %q: a %s and a %s", name, o.kind, k)
		}
	}
	n := &node{pipeline: p, id: len(p.nodes) + 1, name: name, kind: k}
	p.nodes = append(p.nodes, n)
	return n
}

// A Flow is one typed edge: batches of []*T. It is consumed exactly once.
type Flow[T any] struct {
	p    *Pipeline
	n    *node
	make func(*lane) stage.Sink[T] // makes what consumes the flow, for one lane
}

func newFlow[T any](p *Pipeline, k kind, name string) *Flow[T] {
	if !stage.HasHead[T]() {
		var m T
		p.misuse("%s %q gives a %T, whose first field is not a stage.Head", k, name, m)
	}
	return &Flow[T]{p: p, n: p.add(k, name)}
}

// use declares that n consumes f, with what mk makes for each lane.
func (f *Flow[T]) use(n *node, mk func(*lane) stage.Sink[T]) {
	if f.n.used {
		f.p.misuse("the flow from %q is consumed twice, the second time by %q; use Tee", f.n.name, n.name)
	}
	f.n.used, f.make = true, mk
	n.from = append(n.from, f.n)
	n.records = append(n.records, func(r *Recording, have track) track { return f.record(n, r, have) })
}

// sink makes what follows f on a lane, once: a flow is consumed once, and flows that meet again do so in a merge.
func (f *Flow[T]) sink(ln *lane) stage.Sink[T] {
	if r := ln.p.replay; r != nil {
		return &outside[T]{replay: r, from: f.n.name, lane: ln.stage}
	}
	return f.make(ln)
}
