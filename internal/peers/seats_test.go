package peers

import (
	"math/rand/v2"
	"testing"

	"github.com/leat-io/leat/stage"
)

// held fails unless s holds want, each at its place.
func held(t *testing.T, s *seats, want map[*stage.Conn]bool) {
	t.Helper()
	got := make([]*stage.Conn, s.n+1)
	if n := s.copy(got, 0); n != s.n || n != len(want) {
		t.Fatalf("%d of %d were copied, and there are %d", n, s.n, len(want))
	}
	for i, c := range got[:s.n] {
		if !want[c] || int(c.Place) != i {
			t.Fatalf("at place %d is one that should be at %d, or not there", i, c.Place)
		}
	}
}

func TestSeatsHoldWhatWasAddedAndNotRemoved(t *testing.T) {
	var s seats
	var all []*stage.Conn
	there := map[*stage.Conn]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	for phase := range 4 { // it grows, shrinks, and does so again
		for range 3 * seatPage {
			if grow := random.IntN(4) != 0; grow == (phase%2 == 0) || len(all) == 0 {
				c := new(stage.Conn)
				s.add(c)
				all, there[c] = append(all, c), true
				continue
			}
			i := random.IntN(len(all))
			c := all[i]
			if !s.remove(c) {
				t.Fatal("one that is there cannot be removed")
			}
			if s.remove(c) {
				t.Fatal("one that was removed is removed again")
			}
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
			delete(there, c)
		}
		held(t, &s, there)
	}
	for c := range there {
		s.remove(c)
	}
	held(t, &s, nil)
	if len(s.pages) > 1 {
		t.Errorf("%d pages are left of an empty list", len(s.pages))
	}
}

func TestSeatsCopyPartsAcrossPages(t *testing.T) {
	var s seats
	for range 2*seatPage + 10 {
		s.add(new(stage.Conn))
	}
	for _, c := range []struct{ from, room, want int }{
		{0, 5, 5}, {seatPage - 2, 4, 4}, {seatPage, seatPage, seatPage}, {2 * seatPage, 100, 10}, {2*seatPage + 10, 3, 0}, {seatPage - 1, 3 * seatPage, seatPage + 11},
	} {
		dst := make([]*stage.Conn, c.room)
		if n := s.copy(dst, c.from); n != c.want {
			t.Errorf("from %d into %d: %d, not %d", c.from, c.room, n, c.want)
		}
		for i, one := range dst[:c.want] {
			if int(one.Place) != c.from+i {
				t.Errorf("from %d: the %d. is the one at %d", c.from, i, one.Place)
			}
		}
	}
}
