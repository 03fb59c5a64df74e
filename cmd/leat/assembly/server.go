package assembly

import (
	"context"
	"errors"
	"fmt"

	"github.com/leat-io/leat/cmd/leat/kv"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/file"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
	"github.com/leat-io/leat/stage"
)

// A Server is an assembly with what it needs before and after it runs.
type Server struct {
	Pipeline *pipeline.Pipeline
	Source   *tcp.Source

	Certificates *tlsconf.Live // nil without TLS

	opts  []pipeline.Option // of Pipeline, and of the one that replays
	store *kv.Server        // of the app kv
	keep  journaling
}

// journaling is where changes are kept. The zero value keeps none.
type journaling struct {
	path    string
	sync    sinks.JournalSync
	journal *sinks.Journal // once it is open
}

// journalBatch is how many commands may share one sync: more than there are connections in most tests of throughput.
const journalBatch = 256

var syncs = map[string]sinks.JournalSync{
	"always": sinks.SyncAlways, "everysec": sinks.SyncEverySecond, "never": sinks.SyncNever,
}

// Restored says what a journal has given back.
type Restored struct {
	Keys int
	file.Figures
}

// Open replays the journal, if there is one, and binds the address. Close must follow, also behind Run.
func (s *Server) Open(ctx context.Context) (r Restored, err error) {
	if s.keep.path != "" {
		if r, err = s.restore(ctx); err != nil {
			return r, errors.Join(err, s.Close())
		}
	}
	if err := s.Source.Bind(); err != nil {
		return r, errors.Join(err, s.Close())
	}
	return r, nil
}

// restore opens the journal, so that nobody appends to it in between, and runs what it has kept through the stages that
// serve.
func (s *Server) restore(ctx context.Context) (r Restored, err error) {
	if s.keep.journal, err = sinks.OpenJournal(s.keep.path, sinks.JournalOptions{Sync: s.keep.sync}); err != nil {
		return r, err
	}
	src := file.Journal(s.keep.path, file.Name("journal"))
	p := pipeline.New("restore", s.opts...)
	s.store.Load(p.From(src))
	if err := src.Run(ctx, p); err != nil {
		return r, fmt.Errorf("replaying the journal %s: %w", s.keep.path, err)
	}
	return Restored{s.store.Len(), src.Replayed()}, nil
}

// record is the sink of changes.
func (s *Server) record(l *stage.Lane) stage.Sink[kv.Call] {
	return s.keep.journal.Sink(kv.JournalEncoder())(l)
}

// Run runs the pipeline until ctx ends, or until the journal fails: then the error says why.
func (s *Server) Run(ctx context.Context) error {
	if s.keep.journal == nil {
		return s.Pipeline.Run(ctx)
	}
	ctx, cancel := s.keep.journal.Guard(ctx)
	defer cancel()
	return errors.Join(s.Pipeline.Run(ctx), s.keep.journal.Err())
}

// Close closes what Open has opened and the pipeline does not close itself.
func (s *Server) Close() error {
	if s.keep.journal == nil {
		return nil
	}
	return s.keep.journal.Close()
}
