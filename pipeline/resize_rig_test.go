package pipeline_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/stage"
)

// firstWord shards by the first word of a line.
func firstWord(l *row) uint64 {
	word, _, _ := bytes.Cut(l.Text, []byte(" "))
	return stage.Hash(word)
}

// A counting stage answers how often it has seen the first word of a line. It hands its counts over.
type counting struct{ seen map[string]int }

func newCounting(*stage.Lane) stage.Stage[row, row] { return &counting{map[string]int{}} }

func (c *counting) Process(_, src []*row) ([]*row, error) {
	for _, m := range src {
		word, _, _ := strings.Cut(string(m.Text), " ")
		c.seen[word]++
		m.Text = fmt.Appendf(nil, "%s %d", word, c.seen[word])
	}
	return src, nil
}

func (c *counting) Export(part uint8) any {
	moved := map[string]int{}
	for word, n := range c.seen {
		if stage.Partition(stage.Hash([]byte(word))) == part {
			moved[word] = n
			delete(c.seen, word)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return moved
}

func (c *counting) Import(_ uint8, state any) {
	for word, n := range state.(map[string]int) {
		c.seen[word] += n
	}
}

// An inspector sees whether what counting gave comes in order, on whichever lane.
type inspector struct {
	mu   sync.Mutex
	last map[string]int // guarded by mu
	bad  []string       // guarded by mu
}

func (i *inspector) see(l *row) {
	var word string
	var n int
	fmt.Sscan(string(l.Text), &word, &n)
	i.mu.Lock()
	defer i.mu.Unlock()
	if n != i.last[word]+1 {
		i.bad = append(i.bad, fmt.Sprintf("%s %d behind %d", word, n, i.last[word]))
	}
	i.last[word] = n
}

// resized is two joints whose lanes change: the stage between them counts, and the one behind them sees the order.
type resized struct {
	*pipeline.Pipeline
	order inspector
}

func newResized(s pipeline.Source[stage.Segment], r *rand.Rand, q queue.Maker[row]) *resized {
	p := &resized{Pipeline: pipeline.New("resized", quiet)}
	p.order.last = map[string]int{}
	opts := func() []queue.Option { return []queue.Option{queue.Cap(1 + r.IntN(40)), queue.Batch(1 + r.IntN(20))} }
	stall := 1 + r.IntN(20)
	reply(decoded(p.Pipeline, s).
		Shard("first", 1+r.IntN(4), firstWord, q, opts()...).
		Via("refuse", stage.Do(func(l *row) {
			if bytes.HasPrefix(l.Text, []byte("panic")) {
				panic("as asked")
			}
		})).
		Via("batch", stage.Batch[row](3, 1e6)).
		Via("count", newCounting).
		Shard("second", 1+r.IntN(4), firstWord, q, opts()...).
		Via("see", stage.Do(func(l *row) {
			p.order.see(l)
			if len(l.Text)%stall == 0 {
				runtime.Gosched()
			}
		})))
	return p
}

// change changes the lanes of both joints again and again.
func (p *resized) change(t *testing.T, r *rand.Rand, times int) {
	for range times {
		joint, lanes := []string{"first", "second"}[r.IntN(2)], 1+r.IntN(6)
		if err := p.Resize(context.Background(), joint, lanes); err != nil {
			t.Error(err)
		}
		for range r.IntN(50) {
			runtime.Gosched()
		}
	}
}

// talkOn asks about words of its own until over, and says what it was told wrong.
func talkOn(c io.ReadWriter, id int, over *atomic.Bool) error {
	r, in, seen := rand.New(rand.NewPCG(uint64(id), 3)), bufio.NewReader(c), map[string]int{}
	for !over.Load() {
		var said []string
		for range 1 + r.IntN(30) {
			said = append(said, fmt.Sprintf("w%d-%d", id, r.IntN(10)))
		}
		if _, err := c.Write([]byte(strings.Join(said, " x\n") + " x\n")); err != nil {
			return err
		}
		for _, word := range said {
			seen[word]++
			got, err := in.ReadString('\n')
			if want := fmt.Sprintf("%s %d\n", word, seen[word]); err != nil || got != want {
				return fmt.Errorf("client %d was told %q, not %q: %v", id, got, want, err)
			}
		}
	}
	return nil
}
