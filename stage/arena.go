package stage

type arena interface {
	reset(*Lane)
	each(func(*Head))
}

// arenaChunk is how many messages an arena allocates at once: a batch of the usual 64 fits into one.
const arenaChunk = 64

// An Arena allocates the messages of one type on one lane. All of them are taken back at once when the batch has left.
type Arena[T any] struct {
	cur    []T // the chunk in use
	n      int // messages of cur that are in use
	at     int // index of cur in chunks
	chunks [][]T
}

// NewArena makes an arena on l. Makers and sources call it. The first field of T must be a [Head].
func NewArena[T any](l *Lane) *Arena[T] {
	NeedHead[T]("stage.NewArena")
	a := &Arena[T]{}
	l.arenas = append(l.arenas, owned[arena]{it: a, node: l.making})
	return a
}

// New returns a zero T that lives as long as the batch.
func (a *Arena[T]) New() *T {
	if a.n == len(a.cur) {
		a.grow()
	}
	p := &a.cur[a.n]
	a.n++
	return p
}

// Undo takes back the T of the latest New, whatever has been written to it. Nobody else may have a pointer to it.
func (a *Arena[T]) Undo() {
	a.n--
	var zero T
	a.cur[a.n] = zero
}

func (a *Arena[T]) grow() {
	if a.cur != nil {
		a.at++
	}
	if a.at == len(a.chunks) {
		a.chunks = append(a.chunks, make([]T, arenaChunk))
	}
	a.cur, a.n = a.chunks[a.at], 0
}

func (a *Arena[T]) used(f func(*T)) {
	for i, c := range a.chunks {
		switch {
		case i > a.at:
			return
		case i == a.at:
			c = c[:a.n]
		}
		for j := range c {
			f(&c[j])
		}
	}
}

func (a *Arena[T]) each(f func(*Head)) { a.used(func(m *T) { f(HeadOf(m)) }) }

func (a *Arena[T]) reset(l *Lane) {
	if Leakcheck {
		a.used(func(m *T) { bury(l, m) })
		*a = Arena[T]{}
		return
	}
	// Messages are zeroed when they are taken back and not when they are made: a lane at rest keeps nothing alive that
	// they point at.
	for a.at > 0 {
		clear(a.cur[:a.n])
		a.at--
		a.cur = a.chunks[a.at]
		a.n = len(a.cur)
	}
	if a.n > 0 {
		clear(a.cur[:a.n])
		a.n = 0
	}
}
