package pool

import (
	"context"
	"runtime"
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

func TestGetAndPutAllocateNothing(t *testing.T) {
	p := benchPool(t, 4)
	ctx := context.Background()
	stagetest.Allocs(t, 0, func() {
		c, err := p.Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p.Put(c)
	})
}

// Whoever waits for a connection is given it by a goroutine that has it and sees him wait.
func TestToWaitAllocatesNothing(t *testing.T) {
	p := benchPool(t, 1)
	b := p.only.Load()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	held := make(chan *Conn)
	defer close(held)
	go func() {
		for c := range held {
			for b.state.waiting() == 0 {
				runtime.Gosched()
			}
			p.Put(c)
		}
	}()
	stagetest.Allocs(t, 0, func() {
		c, err := p.Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		held <- c
		if c, err = p.Get(ctx); err != nil {
			t.Fatal(err)
		}
		p.Put(c)
	})
}
