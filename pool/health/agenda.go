package health

import (
	"container/heap"
	"time"
)

// An agenda is the probes in the order in which they are due.
type agenda []*probe

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].due.Before(a[j].due) }
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = i, j
}

// Push implements heap.Interface.
func (a *agenda) Push(x any) {
	p := x.(*probe)
	p.index = len(*a)
	*a = append(*a, p)
}

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	p := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return p
}

// put enters a probe at a time, and takes it out of where it was.
func (a *agenda) put(p *probe, at time.Time) {
	if p.agenda != a {
		p.drop()
		p.agenda, p.due = a, at
		heap.Push(a, p)
		return
	}
	p.due = at
	heap.Fix(a, p.index)
}

// drop takes a probe out of its agenda if it is in one.
func (p *probe) drop() {
	if p.agenda != nil {
		heap.Remove(p.agenda, p.index)
		p.agenda = nil
	}
}
