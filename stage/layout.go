package stage

import (
	"reflect"
	"sync"
	"unsafe"
)

// Poison is the byte that overwrites memory which was taken back.
const Poison = 0xDB

func poisonBytes(b []byte) {
	for i := range b {
		b[i] = Poison
	}
}

// copyUpTo is the most bytes that Retain copies rather than pin a slab: at a sixteenth, the memory that a kept message
// holds is at most sixteen times what it needs.
const copyUpTo = SlabSize / 16

// A layout says where a message type keeps bytes that may lie in a slab.
type layout struct {
	bytes   []byteField
	movable bool // there are no others, so the bytes of a message can be moved
}

type byteField struct {
	name   string
	offset uintptr
}

func (f byteField) in(m unsafe.Pointer) *[]byte { return (*[]byte)(unsafe.Add(m, f.offset)) }

var layouts sync.Map // reflect.Type -> *layout

func layoutOf(t reflect.Type) *layout {
	if l, ok := layouts.Load(t); ok {
		return l.(*layout)
	}
	l := &layout{movable: true}
	l.walk(t, "", 0)
	layouts.Store(t, l)
	return l
}

func (l *layout) walk(t reflect.Type, name string, at uintptr) {
	switch t.Kind() {
	case reflect.Struct:
		if t == reflect.TypeFor[Head]() {
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			l.walk(f.Type, name+"."+f.Name, at+f.Offset)
		}
	case reflect.Array:
		for i := range uintptr(t.Len()) {
			l.walk(t.Elem(), name+"[]", at+i*t.Elem().Size())
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			l.bytes = append(l.bytes, byteField{name[min(1, len(name)):], at})
			return
		}
		// Its elements may point into the slab, and so may the slice itself.
		l.movable = false
	}
}

// moveBytes gives *m bytes of its own when those that lie in s are few. It reports whether nothing in *m points into s any
// more.
func moveBytes[T any](s *Slab, m *T) bool {
	l := layoutOf(reflect.TypeFor[T]())
	if !l.movable {
		return false
	}
	total := 0
	for _, f := range l.bytes {
		total += len(*f.in(unsafe.Pointer(m)))
	}
	if total > copyUpTo {
		return false
	}
	own := make([]byte, 0, total)
	for _, f := range l.bytes {
		p := f.in(unsafe.Pointer(m))
		n := len(own)
		own = append(own, *p...)
		*p = own[n:len(own):len(own)]
	}
	return true
}
