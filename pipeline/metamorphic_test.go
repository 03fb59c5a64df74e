package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// An assembly does the same to a request whichever way it is laid out: each hop is a place where a queue may be.
type layout struct {
	r      *rand.Rand
	hops   []string
	names  int
	joints []string // whose lanes may change
}

// hop puts a joint into the flow, or none.
func (l *layout) hop(f flow) flow {
	q := queues[l.r.IntN(len(queues))]
	opts := []queue.Option{queue.Cap(1 + l.r.IntN(40)), queue.Batch(1 + l.r.IntN(20))}
	l.names++
	name := fmt.Sprint("joint ", l.names)
	kind := [...]string{"fused", "fused", "queue", "shard by text", "shard by request", "shard by connection", "spread"}[l.r.IntN(7)]
	if strings.HasPrefix(kind, "s") {
		l.joints = append(l.joints, name)
	}
	l.hops = append(l.hops, fmt.Sprint(kind, " ", q.name, " ", opts))
	switch kind {
	case "queue":
		return f.Queue(name, q.make, opts...)
	case "shard by text":
		return f.Shard(name, 1+l.r.IntN(4), byText, q.make, opts...)
	case "shard by request":
		return f.Shard(name, 1+l.r.IntN(4), stage.ByRequest, q.make, opts...)
	case "shard by connection":
		return f.Shard(name, 1+l.r.IntN(4), stage.ByConn, q.make, opts...)
	case "spread":
		return f.Spread(name, 1+l.r.IntN(4), q.make, opts...)
	}
	return f
}

// assemble lays the program out: upper case, nothing for lines with "-", two lines for lines with "+", a reversal of what has
// an even length.
func (l *layout) assemble(s *mem.Source) *pipeline.Pipeline {
	p := pipeline.New("metamorphic", quiet)
	f := l.hop(l.hop(decoded(p, s)).Via("upper", stage.Do(upper)))
	f = l.hop(f.Via("filter", stage.Filter(func(m *row) bool { return m.Text[0] != '-' })))
	if l.r.IntN(2) == 0 {
		even, odd := f.Branch("even", func(m *row) bool { return len(m.Text)%2 == 0 })
		f = pipeline.Merge(l.hop(odd), l.hop(even).Via("reverse", stage.Do(reverse)))
	} else {
		f = f.Via("reverse", stage.Do(func(m *row) {
			if len(m.Text)%2 == 0 {
				reverse(m)
			}
		}))
	}
	if l.r.IntN(2) == 0 {
		f = f.Via("batch", stage.Batch[row](1+l.r.IntN(10), 1e6))
	}
	reply(l.hop(f).Via("double", stage.FlatMap(func(in *row, emit func() *row) {
		emit().Text = in.Text
		if strings.Contains(string(in.Text), "+") {
			emit().Text = in.Text
		}
	})))
	return p
}

func reverse(m *row) {
	t := m.Text
	for i, j := 0, len(t)-1; i < j; i, j = i+1, j-1 {
		t[i], t[j] = t[j], t[i]
	}
}

// change changes the lanes of the joints now and then. It comes to an end by itself: virtual time stands still meanwhile.
func (l *layout) change(t *testing.T, p *pipeline.Pipeline, r *rand.Rand) {
	if len(l.joints) == 0 {
		return
	}
	for range 40 {
		for range r.IntN(100) {
			runtime.Gosched()
		}
		switch err := p.Resize(context.Background(), l.joints[r.IntN(len(l.joints))], 1+r.IntN(5)); {
		case errors.Is(err, pipeline.ErrNotRunning):
			return
		case err != nil:
			t.Error(err)
		}
	}
}

// expected is the program without a pipeline.
func expected(lines []string) (out []string) {
	for _, l := range lines {
		if l[0] == '-' {
			continue
		}
		m := row{Text: []byte(strings.ToUpper(l))}
		if len(l)%2 == 0 {
			reverse(&m)
		}
		out = append(out, string(m.Text))
		if strings.Contains(l, "+") {
			out = append(out, string(m.Text))
		}
	}
	return out
}

func TestEveryLayoutOfAnAssemblyAnswersTheSame(t *testing.T) {
	const clients, lines = 5, 120
	for seed := range uint64(80) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &layout{r: rand.New(rand.NewPCG(seed, 2))}
				limits := unlimited
				limits.InFlight = 1 + l.r.IntN(200)
				s := mem.New(mem.Loops(1+l.r.IntN(3)), mem.Limits(limits))
				p := l.assemble(s)
				stop := start(t, p)
				var all sync.WaitGroup
				for i := range clients {
					c, said, r := dial(t, s), []string(nil), rand.New(rand.NewPCG(seed, uint64(i)))
					for n := range lines {
						said = append(said, fmt.Sprintf("%s%d of %d%s", []string{"", "", "-", "+"}[r.IntN(4)], n, i, strings.Repeat("x", r.IntN(2000)*r.IntN(2))))
					}
					go func() {
						for b := strings.Join(said, "\n") + "\n"; len(b) > 0; {
							n := min(1+r.IntN(5000), len(b))
							c.Write([]byte(b[:n]))
							b = b[n:]
						}
						c.CloseWrite()
					}()
					all.Go(func() {
						if got, want := strings.Join(c.all(t), "\n"), strings.Join(expected(said), "\n"); got != want {
							t.Errorf("client %d got %d bytes, not %d, from %v\n%s", i, len(got), len(want), l.hops, p)
						}
					})
				}
				var changing sync.WaitGroup
				if seed%2 == 0 {
					changing.Go(func() { l.change(t, p, rand.New(rand.NewPCG(seed, 7))) })
				}
				all.Wait()
				noError(t, stop())
				changing.Wait()
			})
		})
	}
}
