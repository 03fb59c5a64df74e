package discovery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// Options say how Follow goes about it. A field that is zero means its default.
type Options struct {
	Log        *slog.Logger  // what has changed and what went wrong; slog.Default
	Settle     time.Duration // how long changes are gathered before they are applied; 100 ms, and none if negative. The first list waits for nothing
	AllowEmpty bool          // an empty list is applied, so that no backend is left. Otherwise those before it stay
}

const defaultSettle = 100 * time.Millisecond

// Follow calls apply, which is [pool.Pool.Apply] or does the same, with every list that the source finds and that differs from the
// one before. What the source or apply say is wrong is logged, once until it changes, and leaves what was applied before in force.
//
// It returns when the source does: nil when ctx has ended or nothing will change any more.
func Follow(ctx context.Context, s Source, apply func([]balance.Backend) error, o Options) error {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Settle == 0 {
		o.Settle = defaultSettle
	}
	f := &follower{Options: o, apply: apply, news: make(chan struct{}, 1)}
	f.Log = o.Log.With("source", s.String())
	ended := make(chan error, 1)
	go func() {
		err := s.Run(ctx, f.found)
		close(f.news)
		ended <- err
	}()
	f.follow(ctx)
	if err := <-ended; err != nil {
		return fmt.Errorf("discovery: %v: %w", s, err)
	}
	return nil
}

// A follower is between a source, which must not wait, and what takes its lists.
type follower struct {
	Options
	apply func([]balance.Backend) error
	news  chan struct{} // holds one when there is a list to be applied, and is closed when there will be no more

	mu     sync.Mutex
	latest []balance.Backend // guarded by mu
	wrong  []string          // guarded by mu: the errors that were logged since a list was found

	inForce []balance.Backend
}

// mostWrong is how many errors are logged before a list is found.
const mostWrong = 16

// found takes what a source has found.
func (f *follower) found(list []balance.Backend, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if text := err.Error(); !slices.Contains(f.wrong, text) && len(f.wrong) < mostWrong {
			f.wrong = append(f.wrong, text)
			f.Log.Warn("where the backends are is not known for now, and those of before stay", "error", err)
		}
		return
	}
	f.wrong = nil
	f.latest = list
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// follow applies lists until there are no more.
func (f *follower) follow(ctx context.Context) {
	for first := true; ; first = false {
		if _, more := <-f.news; !more || ctx.Err() != nil {
			return
		}
		if !first && f.Settle > 0 {
			select {
			case <-time.After(f.Settle):
			case <-ctx.Done():
				return
			}
		}
		f.mu.Lock()
		list := f.latest
		f.mu.Unlock()
		f.take(list)
	}
}

// take applies a list.
func (f *follower) take(list []balance.Backend) {
	switch {
	case f.inForce != nil && slices.Equal(list, f.inForce):
		return
	case len(list) == 0 && !f.AllowEmpty:
		f.Log.Warn("no backends were found, and those of before stay", "backends", len(f.inForce))
		return
	}
	if err := f.apply(slices.Clone(list)); err != nil {
		f.Log.Error("the backends that were found are refused, and those of before stay", "backends", len(list), "error", err)
		return
	}
	f.Log.Info("the backends have changed", "backends", len(list), "before", len(f.inForce))
	f.inForce = list
}
