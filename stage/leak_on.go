//go:build leakcheck

package stage

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// Leakcheck says whether the build tag leakcheck is set: memory that was taken back is poisoned and never used again, and
// every slab knows who holds it.
const Leakcheck = true

type leakMark struct {
	buried uint32 // batch of the lane in which the message was taken back, or 0
	lane   *Lane
}

// ScrubReclaimed does nothing here: leakcheck always poisons.
func ScrubReclaimed(bool) {}

var leaks = struct {
	sync.Mutex
	holds map[*Slab]map[string]int
	dead  [1024][2]uintptr // memory of slabs that was taken back lately
	next  int
	kept  [1024][]byte // keeps the dead memory from being allocated again
}{holds: map[*Slab]map[string]int{}}

// scrub poisons the bytes, remembers that they are dead, and goes on with new memory.
func (s *Slab) scrub(int) {
	poisonBytes(s.mem)
	leaks.Lock()
	lo := uintptr(unsafe.Pointer(&s.mem[0]))
	leaks.dead[leaks.next] = [2]uintptr{lo, lo + uintptr(len(s.mem))}
	leaks.kept[leaks.next] = s.mem
	leaks.next = (leaks.next + 1) % len(leaks.dead)
	leaks.Unlock()
	s.mem = make([]byte, len(s.mem))
}

func noteHold(s *Slab, who string, n int) {
	leaks.Lock()
	defer leaks.Unlock()
	m := leaks.holds[s]
	if m == nil {
		m = map[string]int{}
		leaks.holds[s] = m
	}
	// One account may be short for a moment: Pass moves a reference when the queue has the message, and the lane behind the
	// queue may have released it by then.
	all := n
	for _, k := range m {
		all += k
	}
	if m[who] += n; all < 0 {
		panic(fmt.Sprintf("leakcheck: %s released a slab of lane %s more often than it had retained it", who, s.origin.Name))
	}
	if m[who] == 0 {
		delete(m, who)
	}
	if len(m) == 0 {
		delete(leaks.holds, s)
	}
}

func bury[T any](l *Lane, m *T) {
	var zero T
	*m = zero
	HeadOf(m).leak = leakMark{buried: l.batch, lane: l}
}

// buryHead marks a message that lies outside of the arenas.
func buryHead(l *Lane, h *Head) { h.leak = leakMark{buried: l.batch, lane: l} }

// CheckLive panics when a message of b, or bytes that it points at, have been taken back.
func CheckLive[T any](l *Lane, b []*T) {
	for _, m := range b {
		h := HeadOf(m)
		if k := h.leak; k.buried != 0 {
			panic(fmt.Sprintf("leakcheck: %s passed on a %T that was taken back when batch %d left lane %s; Retain it", l.Where(), *m, k.buried, k.lane.Name))
		}
		for _, f := range layoutOf(reflect.TypeFor[T]()).bytes {
			if p := f.in(unsafe.Pointer(m)); len(*p) > 0 {
				checkBytes(l, h, *p, fmt.Sprintf("%s passed on a %T whose field %s", l.Where(), *m, f.name))
			}
		}
	}
}

func checkBytes(l *Lane, h *Head, b []byte, what string) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	leaks.Lock()
	for _, d := range leaks.dead {
		if p >= d[0] && p < d[1] {
			leaks.Unlock()
			panic("leakcheck: " + what + " points at bytes that were taken back; Retain the message or copy them")
		}
	}
	leaks.Unlock()
	for _, s := range append(append([]*Slab{}, l.slabs.full...), l.slabs.cur) {
		if s != nil && s != h.slab && s.has(unsafe.SliceData(b)) {
			panic("leakcheck: " + what + " lies in a slab that its Head does not name; use SetSlab or copy")
		}
	}
}

// Lent returns copies of b in memory that is never used again, so that a pointer into a queue which a stage has kept is
// noticed. Buried must follow when the batch has left the lane.
func Lent[T any](b []*T) []*T {
	c := make([]*T, len(b))
	for i, m := range b {
		v := *m
		c[i] = &v
	}
	return c
}

// Buried says that the messages that Lent returned have been taken back.
func Buried[T any](l *Lane, b []*T) {
	for _, m := range b {
		bury(l, m)
	}
}

// Holders lists who still holds slabs of the lanes for which ours is true.
func Holders(ours func(*Lane) bool) (out []string) {
	leaks.Lock()
	defer leaks.Unlock()
	for s, m := range leaks.holds {
		for who, n := range m {
			switch {
			case !ours(s.origin):
			case n < 0:
				out = append(out, fmt.Sprintf("%s released a slab of lane %s %d times more often than it had retained it", who, s.origin.Name, -n))
			default:
				out = append(out, fmt.Sprintf("%d references on a slab of lane %s are held by %s", n, s.origin.Name, who))
			}
		}
	}
	slices.Sort(out)
	return out
}
