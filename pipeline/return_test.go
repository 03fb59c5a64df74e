package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// An upstream is what a pool of connections to other servers is to a pipeline: a sink that sends requests away and a source
// of what comes back, a second later each.
type upstream struct {
	sent    chan *stage.Kept[row]
	pending atomic.Int64
	quit    chan struct{}
	ended   sync.WaitGroup
	stops   atomic.Int64
}

func newUpstream() *upstream {
	return &upstream{sent: make(chan *stage.Kept[row], 1024), quit: make(chan struct{})}
}

// forward is the sink.
func (u *upstream) forward(l *stage.Lane) stage.Sink[row] { return forward{l, u} }

type forward struct {
	lane *stage.Lane
	up   *upstream
}

func (f forward) Push(b []*row) {
	for _, m := range b {
		f.up.pending.Add(1)
		f.up.sent <- stage.Retain(f.lane, m)
	}
}

func (u *upstream) String() string { return "replies" }
func (u *upstream) Lanes() int     { return 1 }
func (u *upstream) Pending() int   { return int(u.pending.Load()) }

func (u *upstream) Start(open func(func()) *pipeline.Inlet[row]) error {
	in := open(nil)
	u.ended.Go(func() {
		for {
			select {
			case <-u.quit: // before anything that may still be there
				return
			default:
			}
			select {
			case k := <-u.sent:
				time.Sleep(time.Second)
				in.Lane.Work()
				m := k.Take(in.Lane)
				m.Text = append([]byte("reply to "), m.Text...)
				in.Push([]*row{m})
				in.Lane.Rest()
				u.pending.Add(-1)
			case <-u.quit:
				return
			}
		}
	})
	return nil
}

func (u *upstream) Stop(ctx context.Context) {
	u.stops.Add(1)
	for u.pending.Load() > 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	close(u.quit)
	u.ended.Wait()
}

func (u *upstream) Close(context.Context) pipeline.Lost { return pipeline.Lost{} }

// proxy is two flows that meet in the upstream.
func proxy(s *mem.Source, u *upstream, lanes int, opts ...pipeline.Option) *pipeline.Pipeline {
	p := pipeline.New("proxy", opts...)
	decoded(p, s).Shard("shard", lanes, stage.ByRequest, queue.Chan).To("forward", u.forward)
	reply(p.From[row](u).Via("upper", stage.Do(func(l *row) { l.Text = []byte(strings.ToUpper(string(l.Text))) })).
		Queue("behind", queue.Chan))
	return p
}

// At the end everything that was accepted goes all the way: to the upstream, back, and through the queues behind.
func TestAReturnSourceIsDrainedBehindTheFlowThatFeedsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, u := mem.New(mem.Limits(unlimited)), newUpstream()
		p := proxy(s, u, 2, pipeline.DrainTime(time.Hour))
		stop := start(t, p)
		c, d := dial(t, s), dial(t, s)
		c.say(numbered(20)...)
		d.say(strings.Repeat("long ", 2000)) // pins its slab
		synctest.Wait()
		began := time.Now()
		noError(t, stop())
		var want []string
		for _, l := range numbered(20) {
			want = append(want, "REPLY TO "+strings.ToUpper(l))
		}
		equal(t, "answers", strings.Join(c.all(t), ","), strings.Join(want, ","))
		equal(t, "the long one", len(d.hear(t)), len("reply to ")+10_000)
		equal(t, "the drain took", time.Since(began).Round(time.Second), 21*time.Second)
		equal(t, "kept", u.Pending(), 0)
	})
}

// What is kept for an upstream that is too slow is lost by the second deadline, and reported by node.
func TestWhatIsKeptAtTheDeadlineIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, u := mem.New(mem.Limits(unlimited)), newUpstream()
		p := proxy(s, u, 1, pipeline.DrainTime(5500*time.Millisecond))
		stop := start(t, p)
		c := dial(t, s)
		c.say(numbered(20)...)
		synctest.Wait()
		lost := drained(t, stop())
		equal(t, "requests without an answer", lost["mem"], 14)
		equal(t, "kept by the sink", lost["forward"], 14)
		equal(t, "discarded on the way back", lost["behind"], 1)
		equal(t, "answers", len(c.all(t)), 5)
	})
}

// broken is a source that does not start.
type broken struct{ feed[row] }

func (broken) String() string                                { return "broken" }
func (broken) Start(func(func()) *pipeline.Inlet[row]) error { return errors.New("no such device") }

// unstarted counts how often it is started.
type unstarted struct {
	feed[row]
	starts atomic.Int64
}

func (*unstarted) String() string { return "behind" }

func (u *unstarted) Start(func(func()) *pipeline.Inlet[row]) error {
	u.starts.Add(1)
	return nil
}

// When a source does not start, those before it are drained and those behind it are left alone. Sources of replies start first,
// wherever they are declared.
func TestASourceThatDoesNotStartEndsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, u := pipeline.New("start"), mem.New(mem.Limits(unlimited)), newUpstream()
		decoded(p, s).To("forward", u.forward)
		p.From[row](broken{}).To("drop", tallied[row](new(int)))
		behind := &unstarted{}
		p.From[row](behind).To("drop too", tallied[row](new(int)))
		reply(p.From[row](u))
		c := dial(t, s)
		err := ends(t, p)
		equal(t, "error", fmt.Sprint(err), `pipeline start: source "broken": no such device`)
		equal(t, "stops of the source of replies", u.stops.Load(), 1)
		equal(t, "starts of the source behind", behind.starts.Load(), 0)
		equal(t, "answers", len(c.all(t)), 0)
		if _, err := s.Dial(); err == nil {
			t.Error("the source that was started still accepts")
		}
	})
}
