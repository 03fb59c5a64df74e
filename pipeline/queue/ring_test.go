package queue

import "testing"

// A producer that is short has a full ring, and gets room out of it although others have messages too.
func TestEvictMakesRoomForWhoeverIsShort(t *testing.T) {
	q, err := Ring[int](NewConfig(Cap(8), DropOldest))
	if err != nil {
		t.Fatal(err)
	}
	a, b := q.Join(nil), q.Join(nil)
	if n := a.Push(ints(0, 8)) + b.Push(ints(100, 5)); n != 13 {
		t.Fatalf("13 had room, %d were taken", n)
	}
	q.Pop(make([]*int, 2)) // is lent, and holds no room
	if n := a.Push(ints(8, 2)); n != 2 {
		t.Fatalf("2 were popped, and there was room for %d", n)
	}
	var gone []int
	if n := q.(Evicter[int]).Evict(3, func(m *int) { gone = append(gone, *m) }); n != 3 {
		t.Errorf("Evict(3) removed %d", n)
	}
	if len(gone) != 3 || gone[0] != 2 || gone[2] != 4 {
		t.Errorf("evicted %v, not the three oldest of the full ring", gone)
	}
	if n := a.Push(ints(10, 8)); n != 3 {
		t.Errorf("3 were evicted, and there was room for %d", n)
	}
	if n := b.Push(ints(105, 8)); n != 3 {
		t.Errorf("the other ring had room for 3, and took %d", n)
	}
}

func TestProducersWhoAreAllFullTakeTurnsInGivingUp(t *testing.T) {
	q, err := Ring[int](NewConfig(Cap(4), DropOldest))
	if err != nil {
		t.Fatal(err)
	}
	lanes := []Producer[int]{q.Join(nil), q.Join(nil), q.Join(nil)}
	lost := map[int]int{}
	for range 3 {
		for i, p := range lanes {
			p.Push(ints(100*i, 4)) // full again
		}
		q.(Evicter[int]).Evict(1, func(m *int) { lost[*m/100]++ })
	}
	if len(lost) != 3 {
		t.Errorf("messages were given up by lane: %v, not one by each", lost)
	}
}

func ints(first, n int) (src []*int) {
	for i := range n {
		m := first + i
		src = append(src, &m)
	}
	return src
}
