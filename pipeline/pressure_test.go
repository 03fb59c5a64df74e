package pipeline_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// tight limits let about one answer wait and few requests be in flight.
func tight(inFlight int) stage.Limits {
	return stage.Limits{InFlight: inFlight, OutLow: 0, OutHigh: 64, OutHard: 1 << 20}
}

// squeezed is an assembly in which everything is full all the time: two crossings with queues of two.
func squeezed(s pipeline.Source[stage.Segment], q queue.Maker[row], answer int) *pipeline.Pipeline {
	p := pipeline.New("squeezed")
	f := decoded(p, s).
		Shard("shard", 4, stage.ByRequest, q, queue.Cap(2), queue.Batch(2)).
		Via("grow", stage.Do(func(l *row) { l.Text = append(l.Text[:len(l.Text):len(l.Text)], strings.Repeat("!", answer)...) })).
		Spread("spread", 3, q, queue.Cap(2), queue.Batch(1)).
		Via("yield", stage.Do(func(*row) { runtime.Gosched() }))
	reply(f)
	return p
}

// heap is how many bytes are reachable.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Some clients do not read before the others have got all of their answers. Nothing stalls, memory is bounded, and at the end
// they get theirs as well.
func TestBackPressureDoesNotStallTheLoopsOfASource(t *testing.T) {
	const fair, lazy, lines, answer = 6, 4, 150, 600
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 0))
		q, inFlight := queues[r.IntN(len(queues))], []int{1, 2, 7, 64}[r.IntN(4)]
		t.Run(fmt.Sprintf("seed=%d/%s/inflight=%d", seed, q.name, inFlight), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before := heap()
				s := mem.New(mem.Loops(2), mem.Limits(tight(inFlight)))
				p := squeezed(s, q.make, answer)
				stop := start(t, p)
				var reading sync.WaitGroup
				var sleepers []*peer
				for i := range fair + lazy {
					c := dial(t, s)
					go func() {
						for n := range lines {
							c.say(fmt.Sprintf("client %d line %d", i, n))
						}
						c.CloseWrite()
					}()
					if i >= fair {
						c.Window(r.IntN(2000))
						sleepers = append(sleepers, c)
						continue
					}
					c.Window(1 + r.IntN(2000))
					reading.Go(func() { checkAnswers(t, c.in, i, lines, answer) })
				}
				reading.Wait()
				// A loop keeps one turn beside what the windows, the marks and the books of the connections hold.
				if grown := heap() - before; grown > 16<<20 {
					t.Errorf("under pressure the pipeline holds %d MB", grown>>20)
				}
				for i, c := range sleepers {
					c.Window(1 << 20)
					reading.Go(func() { checkAnswers(t, c.in, fair+i, lines, answer) })
				}
				reading.Wait()
				noError(t, stop())
			})
		})
	}
}

func checkAnswers(t *testing.T, in io.Reader, client, lines, answer int) {
	b, err := io.ReadAll(in)
	if err != nil {
		t.Error(err)
	}
	got := strings.Split(string(b), "\n")
	for n := range lines {
		if want := fmt.Sprintf("client %d line %d%s", client, n, strings.Repeat("!", answer)); n >= len(got)-1 || got[n] != want {
			t.Errorf("client %d: %d answers; answer %d is not %.30q", client, len(got)-1, n, want)
			return
		}
	}
}

// The same with the lanes of a source that may wait, of which there are fewer than connections.
func TestBackPressureDoesNotStallTheLanesOfASource(t *testing.T) {
	const fair, lazy, lines, answer = 3, 2, 40, 100_000
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		q, inFlight, lanes := queues[r.IntN(len(queues))], []int{1, 2, 7}[r.IntN(3)], []int{1, 2, 5, 64}[r.IntN(4)]
		t.Run(fmt.Sprintf("seed=%d/%s/inflight=%d/lanes=%d", seed, q.name, inFlight, lanes), func(t *testing.T) {
			limits := tight(inFlight)
			limits.OutHard = 8 * answer
			s := bind(t, tcp.Limits(limits), tcp.Lanes(lanes))
			p := squeezedWide(s, q.make, answer)
			stop := start(t, p)
			var reading sync.WaitGroup
			var sleepers []*net.TCPConn
			for i := range fair + lazy {
				c := connect(t, s)
				c.SetReadBuffer(32 << 10)
				reading.Go(func() {
					for n := range lines {
						fmt.Fprintf(c, "client %d line %d\n", i, n)
					}
					c.CloseWrite()
				})
				if i >= fair {
					sleepers = append(sleepers, c)
					continue
				}
				reading.Go(func() { checkAnswers(t, c, i, lines, answer) })
			}
			reading.Wait()
			for i, c := range sleepers {
				reading.Go(func() { checkAnswers(t, c, fair+i, lines, answer) })
			}
			reading.Wait()
			noError(t, stop())
		})
	}
}

// squeezedWide is squeezed for answers longer than a line of the protocol may be.
func squeezedWide(s pipeline.Source[stage.Segment], q queue.Maker[row], answer int) *pipeline.Pipeline {
	p := pipeline.New("squeezed")
	wide := line.Text(2 * answer)
	p.From(s).Via("decode", codec.Decode(wide)).
		Shard("shard", 4, stage.ByRequest, q, queue.Cap(2), queue.Batch(2)).
		Via("grow", stage.Do(func(l *row) { l.Text = append(l.Text[:len(l.Text):len(l.Text)], strings.Repeat("!", answer)...) })).
		Spread("spread", 3, q, queue.Cap(2), queue.Batch(1)).
		To("reply", sinks.Reply(wide))
	return p
}
