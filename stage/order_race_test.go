package stage_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// One lane reads, three serve, the peers take bytes when they like, and somebody looks at the connections all the time: the
// answers are whole and in order.
func TestLanesThatAnswerAtTheSameTimeKeepTheOrder(t *testing.T) {
	limits := roomy
	limits.InFlight, limits.OutLow, limits.OutHigh = 16, 64, 256
	limits.FirstMessage, limits.Idle = time.Hour, time.Hour
	first := stagetest.NewConn(limits)
	conns := []*stagetest.Conn{first, first.Sibling(), first.Sibling()}
	const requests = 2000

	work := make(chan *stage.Kept[msg], 64)
	var serving, beside sync.WaitGroup
	for i := range 3 {
		serving.Go(func() { serveAll(i, work) })
	}
	done := make(chan struct{})
	for i, c := range conns {
		beside.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(i)))
			for {
				select {
				case <-done:
					return
				default:
				}
				c.Take(r.IntN(200))
				c.Owed()
				if err := c.Overdue(); err != nil {
					t.Errorf("overdue: %v", err)
				}
				c.Terms().Now.Add(1000)
				runtime.Gosched()
			}
		})
	}

	l := stagetest.NewLane("reads")
	a := stage.NewArena[msg](l.Lane)
	for n := 0; n < requests*len(conns); {
		for _, c := range conns {
			left := requests - int(c.Issued())
			for range min(c.Grant(), left, 5) {
				m := request(l.Lane, a, c)
				m.ID = int(m.Seq())
				work <- stage.Retain(l.Lane, m)
				n++
			}
		}
		l.End()
		runtime.Gosched()
	}
	close(work)
	serving.Wait()
	close(done)
	beside.Wait()
	for i, c := range conns {
		c.Take(-1)
		got := c.Wrote()
		for n := range requests {
			want := ""
			if n%10 != 9 { // which are dropped
				want = fmt.Sprintf("<%d>", n)
			}
			if n%10 == 3 { // which come in parts
				want += want + want
			}
			if len(got) < len(want) || got[:len(want)] != want {
				t.Fatalf("connection %d: the answer to request %d is not the next in %.60q", i, n, got)
			}
			got = got[len(want):]
		}
		check(t, "bytes behind the last answer", got, "")
		tickets, bytes := c.Owed()
		check(t, "tickets owed", tickets, 0)
		check(t, "bytes owed", bytes, 0)
	}
	check(t, "answers ignored", first.Terms().Ignored.Load(), uint64(0))
}

// serveAll answers on a lane of its own until there is no more work.
func serveAll(seed int, work <-chan *stage.Kept[msg]) {
	l := stagetest.NewLane("serves")
	parts := stage.FlatMap(func(in *msg, emit func() *msg) {
		for range 3 {
			emit().ID = in.ID
		}
	})(l.Lane)
	r := rand.New(rand.NewPCG(8, uint64(seed)))
	for {
		var k *stage.Kept[msg]
		select {
		case k = <-work:
		default: // a batch ends before its lane waits
			l.End()
			k = <-work
		}
		if k == nil {
			l.End()
			return
		}
		m := k.Take(l.Lane)
		switch m.ID % 10 {
		case 9:
		case 3:
			out, _ := parts.Process(nil, []*msg{m})
			for _, p := range out {
				reply(l.Lane, p, fmt.Sprintf("<%d>", p.ID))
			}
		default:
			reply(l.Lane, m, fmt.Sprintf("<%d>", m.ID))
		}
		if r.IntN(4) == 0 {
			l.End()
		}
	}
}
