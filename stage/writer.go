package stage

import "unsafe"

// A writer gathers the bytes of one write. The usual case, one piece or pieces that lie behind one another in memory, is
// not copied.
type writer struct {
	piece []byte
	copy  []byte // all pieces, once they had to be copied
	many  bool
}

func (w *writer) put(p []byte) {
	switch {
	case len(p) == 0:
	case w.many:
		w.copy = append(w.copy, p...)
	case len(w.piece) == 0:
		w.piece = p
	case follows(w.piece, p):
		w.piece = w.piece[:len(w.piece)+len(p)]
	default:
		w.many = true
		w.copy = append(append(w.copy[:0], w.piece...), p...)
	}
}

// follows says whether b begins where a ends, inside the capacity of a.
func follows(a, b []byte) bool {
	return cap(a)-len(a) >= len(b) && unsafe.SliceData(a[len(a):cap(a)]) == unsafe.SliceData(b)
}

func (w *writer) bytes() []byte {
	if w.many {
		return w.copy
	}
	return w.piece
}

func (w *writer) reset() {
	w.piece, w.many = nil, false
	if cap(w.copy) > outboxKeep {
		w.copy = nil
	}
}
