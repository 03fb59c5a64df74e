package streams

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/sources/muxnet"
)

// A run is one measurement.
type run struct {
	cfg    Config
	conns  []*muxnet.Conn
	began  time.Time
	end    time.Duration // from began; 0 for none
	stop   atomic.Bool   // no more requests
	taken  atomic.Int64  // requests that were begun, of cfg.Requests
	books  []book        // shared by the streams in turn
	users  []user
	failed failures
}

// A book is what some of the streams have measured.
type book struct {
	mu         sync.Mutex
	latency    *latency.Histogram
	late       *latency.Histogram // of an open loop
	ok         int64
	mismatched int64
	unanswered int64
}

// books is how many there are at most: enough that streams hardly meet, and each has a histogram or two.
const books = 8

// Run connects, runs until one of the ends of cfg, and closes the connections. The result is good also with an error, as far as it goes.
func Run(ctx context.Context, cfg Config) (Result, error) {
	if err := cfg.Check(); err != nil {
		return Result{}, err
	}
	r := &run{cfg: cfg, books: make([]book, min(books, cfg.Streams)), users: make([]user, cfg.Streams)}
	for i := range r.books {
		r.books[i].latency, r.books[i].late = latency.NewHistogram(), latency.NewHistogram()
	}
	began := time.Now()
	err := r.connect(ctx)
	defer r.close()
	if err != nil {
		return Result{}, err
	}
	setup := time.Since(began)
	r.began = time.Now()
	r.end = cfg.Duration
	if r.end > 0 {
		r.end += cfg.Warmup
	}
	quit := make(chan struct{})
	var watch, work sync.WaitGroup
	watch.Go(func() { r.watch(ctx, quit) })
	for i := range r.users {
		u := &r.users[i]
		u.begin(r, i)
		work.Go(func() { u.run(ctx) })
	}
	work.Wait()
	elapsed := max(time.Since(r.began)-cfg.Warmup, 0)
	close(quit)
	watch.Wait()
	return r.result(elapsed, setup), nil
}

// connectTime is how long a connection may take to be ready.
const connectTime = 10 * time.Second

func (r *run) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	for range r.cfg.Conns {
		transport, err := r.cfg.Dial(ctx)
		if err != nil {
			return err
		}
		c, err := muxnet.Client(transport, r.cfg.Options...)
		if err != nil {
			return errors.Join(err, transport.Close())
		}
		r.conns = append(r.conns, c)
		if err := c.Ready(ctx); err != nil {
			return fmt.Errorf("%s does not speak the mux protocol: %w", r.cfg.Address, err)
		}
	}
	return nil
}

func (r *run) close() {
	var wg sync.WaitGroup
	for _, c := range r.conns {
		wg.Go(func() { _ = c.Close() })
	}
	wg.Wait()
}

// pace is how often a run looks at itself.
const pace = 50 * time.Millisecond

// watch ends the run when its time is over or a server takes no more streams, ends requests whose time is, and shows the progress.
func (r *run) watch(ctx context.Context, quit <-chan struct{}) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	shown := r.began
	for {
		select {
		case <-quit:
			r.progress(true, &shown)
			return
		case <-ctx.Done():
			r.stop.Store(true)
			ctx = context.Background() // once
		case now := <-tick.C:
			if r.end > 0 && now.Sub(r.began) >= r.end {
				r.stop.Store(true)
			}
			for _, c := range r.conns {
				if c.State().Left {
					r.stop.Store(true)
				}
			}
			for i := range r.users {
				r.users[i].expire(now.Sub(r.began))
			}
			r.progress(false, &shown)
		}
	}
}

// next says whether one more request may begin, which is due at the time.
func (r *run) next(due time.Duration) bool {
	if r.stop.Load() {
		return false
	}
	return r.cfg.Requests == 0 || !r.counts(due) || r.taken.Add(1) <= r.cfg.Requests
}

// counts says whether a request counts that is due at the time: the warm-up is over then.
func (r *run) counts(due time.Duration) bool { return due >= r.cfg.Warmup }

// failures are the errors of a run by their text.
type failures struct {
	mu  sync.Mutex
	of  map[string]int64
	all int64
}

// mostTexts is how many texts of errors a result has.
const mostTexts = 20

func (f *failures) add(err error) {
	text := err.Error()
	if e, ok := errors.AsType[*net.OpError](err); ok {
		text = e.Err.Error() // without the ports, of which each connection has another
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = make(map[string]int64)
	}
	f.all++
	if _, known := f.of[text]; !known && len(f.of) >= mostTexts {
		text = "others"
	}
	f.of[text]++
}
