package stage_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A pipe is a queue as a pipeline uses one: what is sent are copies.
type pipe chan []msg

// send passes b on, as the way out of a lane does.
func (q pipe) send(l *stage.Lane, b []*msg) {
	stage.Lend(l, "pipe", b)
	var copies []msg
	for _, m := range b {
		copies = append(copies, *m)
	}
	stage.Sent(l, b)
	q <- copies
}

// adopt begins a batch of what was received.
func adopt(l *stage.Lane, copies []msg) (b []*msg) {
	for i := range copies {
		b = append(b, &copies[i])
	}
	stage.Adopt(l, "pipe", b)
	return b
}

// Messages go from one lane through two others, of which the second gets some of them a second time through the first, and
// every byte must still be what it was. Slabs come home without anybody sending them.
func TestMessagesKeepTheirBytesOnTheWayThroughLanes(t *testing.T) {
	batches := 3000
	if stage.Leakcheck {
		batches = 300
	}
	from, via, to := stagetest.NewLane("from"), stagetest.NewLane("via"), stagetest.NewLane("to")
	c := stagetest.NewConn(roomy)
	a := stage.NewArena[msg](from.Lane)
	first, second := make(pipe, 4), make(pipe, 4)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(second)
		var late []*stage.Kept[msg]
		for copies := range first {
			b := adopt(via.Lane, copies)
			for i, m := range b {
				if m.N%7 == 3 { // one that was kept before comes instead
					late = append(late, stage.Retain(via.Lane, m))
					b[i] = late[0].Take(via.Lane)
					late = late[1:]
				}
			}
			second.send(via.Lane, b)
			via.End()
		}
	})
	var wrong string
	seen := map[uint64]bool{}
	wg.Go(func() {
		for copies := range second {
			for _, m := range adopt(to.Lane, copies) {
				if want := body(m.N); string(m.Text) != want && wrong == "" {
					wrong = fmt.Sprintf("message %d has the text %.40q, want %.40q", m.N, m.Text, want)
				}
				seen[m.N] = true
				reply(to.Lane, m, ".")
			}
			to.End()
		}
	})
	n := uint64(0)
	for range batches {
		var b []*msg
		for range 1 + n%40 {
			m := request(from.Lane, a, c)
			m.N = n
			b = append(b, m.text(from.Lane, body(n)))
			n++
		}
		first.send(from.Lane, b)
		from.End()
	}
	close(first)
	wg.Wait()
	if wrong != "" {
		t.Error(wrong)
	}
	check(t, "messages that arrived", len(seen), int(n))
	check(t, "answers", len(c.Wrote()), int(n))
	check(t, "slabs still held", pinned(from), 0)
	if most := 40; from.SlabsMade() > most { // 2 pipes of 4 batches and 3 lanes hold at most 11 batches of less than 3 slabs
		t.Errorf("%d slabs were made, want at most %d", from.SlabsMade(), most)
	}
}

// body is the text of message n: sometimes a short one, sometimes many times that.
func body(n uint64) string { return strings.Repeat(fmt.Sprint("<", n, ">"), 1+int(n*n%400)) }

func TestMessagesThatAQueueHasNotTakenStayWithTheirLane(t *testing.T) {
	l, c := stagetest.NewLane("from"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	var b []*msg
	for range 4 {
		b = append(b, request(l.Lane, a, c).text(l.Lane, "text"))
	}
	stage.Lend(l.Lane, "pipe", b)
	taken := []msg{*b[0], *b[1]}
	stage.Sent(l.Lane, b[:2])
	stage.Unlend(l.Lane, "pipe", b[2:])
	check(t, "tickets of the batch", l.OpenTickets(), 2)
	l.End()
	n, _ := c.Owed()
	check(t, "tickets owed when the others are void", n, 2)
	check(t, "slabs pinned", pinned(l), 1)

	stage.Discard(l.Lane, "pipe", &taken[0]) // given up by the lane that had made room
	other := stagetest.NewLane("other")
	stage.Discard(other.Lane, "pipe", &taken[1])
	n, _ = c.Owed()
	check(t, "tickets owed when both were discarded", n, 0)
	check(t, "slabs pinned when both were discarded", pinned(l), 0)
	check(t, "ignored", c.Terms().Ignored.Load(), uint64(0))
}

func TestAMessageOfTheHeapGoesThroughAQueueToo(t *testing.T) {
	l := stagetest.NewLane("from")
	a := stage.NewArena[msg](l.Lane)
	m := a.New()
	m.Text = []byte("on the heap")
	q := make(pipe, 1)
	q.send(l.Lane, []*msg{m})
	l.End()
	other := stagetest.NewLane("to")
	check(t, "text", string(adopt(other.Lane, <-q)[0].Text), "on the heap")
	other.End()
}
