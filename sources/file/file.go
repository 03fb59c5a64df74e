// Package file replays files: [Journal] what a journal of package sinks has kept, [Open] any file as one stream of bytes, such
// as a list of commands.
//
// The file stands for one connection whose peer has sent all of it. It is decoded like any other, and what is answered goes
// nowhere. The source ends by itself, and says how:
//
//	replay := file.Journal("kv.journal")
//	p := pipeline.New("replay")
//	p.From(replay).Via("decode", codec.Decode(commands)).Via("store", store).To("end", sinks.Discard[command]())
//	err := replay.Run(ctx, p)
package file

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/leat-io/leat/internal/journal"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// ErrDamaged is the error of a journal in which a record is bad that no crash can have harmed.
var ErrDamaged = journal.ErrDamaged

// inFlight is how many messages may be on their way at a time: what the queues of sixteen lanes take by default. Nobody waits
// for their answers, so more than a connection's share of them does no harm.
const inFlight = 16 << 10

// A Source reads one file once, on one lane.
type Source struct {
	name, path string
	begin      func() (feed, error)
	upToDamage bool

	conn     stage.Conn
	terms    stage.Terms
	feed     feed
	inlet    *pipeline.Inlet[stage.Segment]
	segments *stage.Arena[stage.Segment]
	batch    [1]*stage.Segment
	from     int64 // offset at or behind which what was pushed last begins, with what was undecoded before
	whole    bool  // a message must end where what was pushed last does

	token chan struct{} // wakes the lane; one is enough
	quit  chan struct{} // closed when the pipeline stops
	done  chan struct{} // closed when all is read, or nothing more will be
	shut  chan struct{} // closed when the connection has ended
	ended chan struct{} // closed when the lane has

	mu      sync.Mutex
	figures Figures // guarded by mu
	err     error   // guarded by mu
}

// Figures say how far a file has been read.
type Figures struct {
	Records int64 // of a journal: what was committed at the same time
	Bytes   int64 // of messages
	Valid   int64 // offset up to which the file has been read and found good
	Torn    int64 // at the end of a journal: bytes behind Valid, of commits that a crash has cut off
}

// An Option changes a source.
type Option func(*Source)

// Name is the name of the node. The default is "file" and the path.
func Name(s string) Option { return func(f *Source) { f.name = s } }

// UpToDamage ends the replay of a journal in front of a damaged record, as at the end of the file, instead of failing.
func UpToDamage() Option { return func(f *Source) { f.upToDamage = true } }

// Journal replays what a journal of package sinks has kept, commit by commit. A file that is not there is a journal in which
// nothing has been kept. Nothing of a record is pushed before its checksum has been found right. A tail that a crash has torn
// is left out and counted; a damaged record before the end is an error that wraps [ErrDamaged].
func Journal(path string, opts ...Option) *Source {
	s := newSource(path, opts)
	s.begin = func() (feed, error) { return openJournal(path, s.upToDamage) }
	return s
}

// Open reads a file as one stream of bytes. What is left undecoded at its end is an error.
func Open(path string, opts ...Option) *Source {
	s := newSource(path, opts)
	s.begin = func() (feed, error) { return openPlain(path) }
	return s
}

func newSource(path string, opts []Option) *Source {
	s := &Source{
		name: "file " + path, path: path, token: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{}), shut: make(chan struct{}), ended: make(chan struct{}),
	}
	for _, o := range opts {
		o(s)
	}
	d := stage.DefaultLimits
	s.terms.Limits = stage.Limits{InFlight: inFlight, OutLow: d.OutLow, OutHigh: d.OutHigh, OutHard: d.OutHard}
	s.terms.Now.Store(1)
	s.conn.Init(port{s}, &s.terms)
	return s
}

// String returns the name of the node.
func (s *Source) String() string { return s.name }

// Lanes implements pipeline.Source.
func (s *Source) Lanes() int { return 1 }

// Done is closed when all of the file has been read and pushed, or when nothing more will be. Messages may still be on their
// way through other lanes: Run of the pipeline waits for them when its context ends.
func (s *Source) Done() <-chan struct{} { return s.done }

// Err is why the file was not replayed to its end, or nil. When the pipeline has ended it is also the reason for which a stage
// failed the connection after all had been read.
func (s *Source) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Replayed says how far the file has been read.
func (s *Source) Replayed() Figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.figures
}

// Run runs p, which reads from s, until the file has gone through all of it, or until ctx ends. It returns the errors of both:
// with nil, everything in the file has passed all stages.
func (s *Source) Run(ctx context.Context, p *pipeline.Pipeline) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	return errors.Join(p.Run(ctx), s.Err())
}

// Gauges implements pipeline.Gauged.
func (s *Source) Gauges() []pipeline.Gauge {
	f, state := s.Replayed(), "reading"
	select {
	case <-s.done:
		state = "at its end"
		if err := s.Err(); err != nil {
			state = err.Error()
		}
	default:
	}
	n := func(name string, v int64) pipeline.Gauge {
		return pipeline.Gauge{Name: name, Value: strconv.FormatInt(v, 10)}
	}
	return []pipeline.Gauge{{Name: "state", Value: state}, n("records", f.Records), n("bytes", f.Bytes), n("valid", f.Valid), n("torn", f.Torn)}
}

// fail keeps the first error.
func (s *Source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("file %s: %w", s.path, err)
	}
}

// A port is the peer that has sent the file. It takes every answer and keeps none.
type port struct{ s *Source }

// Write implements stage.Port.
func (port) Write(b []byte) (int, error) { return len(b), nil }

// Want implements stage.Port.
func (p port) Want(bool, bool) { p.s.wake() }

// Shut implements stage.Port.
func (p port) Shut(error) {
	close(p.s.shut)
	p.s.wake()
}

// Peer implements stage.Port.
func (p port) Peer() string { return p.s.path }

func (s *Source) wake() {
	select {
	case s.token <- struct{}{}:
	default:
	}
}
