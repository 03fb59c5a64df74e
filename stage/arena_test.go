package stage_test

import (
	"fmt"
	"runtime"
	"testing"
	"weak"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMessagesOfAnArenaAreZeroAndApart(t *testing.T) {
	l := stagetest.NewLane("arena")
	a := stage.NewArena[msg](l.Lane)
	for batch := range 4 {
		seen := map[*msg]bool{}
		for i := range 200 * (batch + 1) { // several chunks, and more of them each time
			m := a.New()
			if m.ID != 0 || m.N != 0 || m.Text != nil || m.Conn() != nil || seen[m] {
				t.Fatalf("message %d of batch %d is %+v, or was given out before", i, batch, *m)
			}
			seen[m] = true
			m.ID, m.N, m.Text = i+1, 1<<40, []byte("text")
		}
		l.End()
	}
}

func TestUndoTakesTheLatestMessageBackWhateverWasWrittenToIt(t *testing.T) {
	l := stagetest.NewLane("arena")
	a := stage.NewArena[msg](l.Lane)
	for range 130 { // over the edges of chunks
		m := a.New()
		m.ID = 7
		a.Undo()
		if again := a.New(); again != m || again.ID != 0 {
			t.Fatalf("New after Undo gives another message, or %+v", *again)
		}
	}
}

func TestALaneAtRestKeepsNothingAliveThatItsMessagesPointedAt(t *testing.T) {
	type holder struct {
		stage.Head
		big *[1 << 16]int
	}
	l := stagetest.NewLane("arena")
	a := stage.NewArena[holder](l.Lane)
	var all []weak.Pointer[[1 << 16]int]
	for range 100 {
		big := new([1 << 16]int)
		all = append(all, weak.Make(big))
		a.New().big = big
	}
	l.End()
	runtime.GC()
	for i, p := range all {
		if p.Value() != nil {
			t.Fatalf("message %d is gone, and what it pointed at is not", i)
		}
	}
	runtime.KeepAlive(a)
}

func TestMessageTypesNeedAHead(t *testing.T) {
	type headless struct{ N int }
	type late struct {
		N int
		stage.Head
	}
	if stage.HasHead[headless]() || stage.HasHead[late]() || stage.HasHead[int]() || stage.HasHead[*msg]() || !stage.HasHead[msg]() {
		t.Error("HasHead is wrong about a type")
	}
	const want = "stage.Do: the first field of stage_test.headless must be a stage.Head"
	check(t, "Do of a type without a Head panics with", fmt.Sprint(panics(func() { stage.Do(func(*headless) {}) })), want)
}
