package stage_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
)

func TestTheBookIsAsLargeAsWhatIsParkedAndGivenBack(t *testing.T) {
	l := oneLane(roomy)
	const answer = 1000
	text := strings.Repeat("x", answer)
	for range 20 {
		var flying []*stage.Kept[msg]
		for range 100 {
			flying = append(flying, l.request())
		}
		for i := range flying[1:] { // the last first, so that every one waits
			l.answer(flying[len(flying)-1-i], text)
		}
		capacity, open := l.c.InBook()
		check(t, "has a book", open, true)
		if most := 4 * 100 * answer; capacity > most {
			t.Fatalf("the book has %d bytes of memory for %d", capacity, 99*answer)
		}
		l.answer(flying[0], text)
		_, open = l.c.InBook()
		check(t, "has a book when everything is written", open, false)
	}
	check(t, "written", len(l.c.Wrote()), 20*100*answer)
}

// One answer is late all the time while others are parked and written around it: what is behind must not pile up.
func TestTheBookDoesNotGrowWhileOneAnswerIsAlwaysLate(t *testing.T) {
	l := oneLane(roomy)
	text := strings.Repeat("x", 1000)
	late := l.request()
	for range 5000 {
		next := l.request()
		l.answer(l.request(), text) // parked behind two
		l.answer(late, text)
		late = next
		if capacity, _ := l.c.InBook(); capacity > 64<<10 {
			t.Fatalf("the book has %d bytes of memory for 1000", capacity)
		}
	}
	l.answer(late, "")
}
