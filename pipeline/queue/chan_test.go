package queue

import "testing"

// Without this a queue of 1024 messages that come one at a time would take 1024 blocks, 64 times its size.
func TestMessagesPushedOneAtATimeShareBlocks(t *testing.T) {
	q, err := Chan[int](NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	p := q.Join(nil)
	for i := range DefaultCap {
		if p.Push([]*int{&i}) != 1 {
			t.Fatalf("no room for message %d", i)
		}
	}
	if n := len(q.(*chanQueue[int]).blocks); n != DefaultCap/blockLen {
		t.Errorf("%d messages are in %d blocks of %d", DefaultCap, n, blockLen)
	}
}

func TestBlocksComeHomeWhateverTheBatch(t *testing.T) {
	for _, batch := range []int{1, 5, blockLen, blockLen + 1, 1000} {
		q, err := Chan[int](NewConfig(Cap(1000)))
		if err != nil {
			t.Fatal(err)
		}
		p := q.Join(nil).(*chanProducer[int])
		src := make([]*int, batch)
		for i := range src {
			src[i] = new(int)
		}
		for range 100 {
			p.Push(src)
			for len(q.Pop(src)) > 0 {
			}
		}
		n := 0
		for b := p.back.Load(); b != nil; b = b.next {
			n++
		}
		for b := p.free; b != nil; b = b.next {
			n++
		}
		if most := (batch+blockLen-1)/blockLen + 1; n > most {
			t.Errorf("batches of %d went around in %d blocks, not %d", batch, n, most)
		}
	}
}
