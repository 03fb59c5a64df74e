package stage_test

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func start(b []byte) *byte { return unsafe.SliceData(b) }

func TestBytesOfOneBatchDoNotOverlap(t *testing.T) {
	l := stagetest.NewLane("slab")
	var all [][]byte
	for i := range 500 {
		slab, b := l.Bytes(1 + i)
		if slab == nil || len(b) != 1+i || cap(b) != len(b) {
			t.Fatalf("Bytes(%d) gives %d bytes with a capacity of %d in slab %p", 1+i, len(b), cap(b), slab)
		}
		for j := range b {
			b[j] = byte(i)
		}
		all = append(all, b)
	}
	for i, b := range all {
		if want := bytes.Repeat([]byte{byte(i)}, 1+i); !bytes.Equal(b, want) {
			t.Fatalf("bytes of message %d were overwritten in the same batch", i)
		}
	}
	l.End()
}

func TestMoreBytesThanASlabHasComeFromTheHeap(t *testing.T) {
	l := stagetest.NewLane("slab")
	slab, b := l.Bytes(stage.SlabSize + 1)
	if slab != nil || len(b) != stage.SlabSize+1 {
		t.Errorf("%d bytes lie in slab %p", len(b), slab)
	}
	if slab, b = l.Bytes(stage.SlabSize); slab == nil || len(b) != stage.SlabSize {
		t.Errorf("exactly a slab is %d bytes in slab %p", len(b), slab)
	}
	check(t, "slabs", l.SlabsMade(), 1)
}

func TestUnreadBytesAreGivenOutAgain(t *testing.T) {
	l := stagetest.NewLane("slab")
	_, b := l.Bytes(1000)
	l.Unread(900)
	_, c := l.Bytes(10)
	if start(c) != &b[100] {
		t.Error("the bytes behind those that were used are not the next")
	}
}

func TestALaneUsesTheSameBytesAgainWhenNobodyHoldsThem(t *testing.T) {
	if stage.Leakcheck {
		t.Skip("leakcheck never uses memory again")
	}
	l := stagetest.NewLane("slab")
	_, first := l.Bytes(100)
	for range 1000 {
		l.End()
		if _, b := l.Bytes(100); start(b) != start(first) {
			t.Fatal("other memory is used although nobody holds the first")
		}
	}
	check(t, "slabs", l.SlabsMade(), 1)
}

func TestBytesThatAreTakenBackAreOverwrittenInTests(t *testing.T) {
	if stage.Leakcheck {
		t.Skip("leakcheck overwrites all of the slab")
	}
	l := stagetest.NewLane("slab")
	_, b := l.Bytes(10)
	copy(b, "0123456789")
	l.End()
	if !bytes.Equal(b, bytes.Repeat([]byte{stage.Poison}, 10)) {
		t.Errorf("the bytes are %q after their batch", b)
	}
}

func TestBytesThatSomebodyHoldsStayUntilTheyAreReleased(t *testing.T) {
	l, other := stagetest.NewLane("slab"), stagetest.NewLane("other")
	a := stage.NewArena[msg](l.Lane)
	m := a.New()
	m.text(l.Lane, string(bytes.Repeat([]byte("x"), stage.SlabSize/2))) // too many to be copied
	k := stage.Retain(l.Lane, m)
	l.End()
	for range 100 { // enough to use any free slab again and again
		for range 4 {
			_, b := l.Bytes(stage.SlabSize / 3)
			clear(b)
		}
		l.End()
	}
	kept := k.Take(other.Lane)
	if !bytes.Equal(kept.Text, bytes.Repeat([]byte("x"), stage.SlabSize/2)) {
		t.Error("bytes that were kept have changed")
	}
	other.End()
	all, free := l.Slabs()
	check(t, "slabs that nobody holds", free, all)
}

func TestTheNumberOfSlabsIsBoundedByWhatIsHeldAtOnce(t *testing.T) {
	l, other := stagetest.NewLane("slab"), stagetest.NewLane("other")
	a := stage.NewArena[msg](l.Lane)
	var kept []*stage.Kept[msg]
	for i := range 2000 {
		m := a.New()
		m.text(l.Lane, string(make([]byte, stage.SlabSize/2)))
		kept = append(kept, stage.Retain(l.Lane, m))
		l.End()
		if len(kept) == 10 { // some come home by their own lane, some by another
			for j, k := range kept {
				k.Take([]*stage.Lane{l.Lane, other.Lane}[(i+j)%2])
			}
			l.End()
			other.End()
			kept = kept[:0]
		}
	}
	if n := l.SlabsMade(); n > 12 {
		t.Errorf("%d slabs were made, with at most 10 held at once", n)
	}
}
