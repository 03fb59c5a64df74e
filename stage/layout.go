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
	strings []uintptr // offsets of strings, which lie in a slab only when unsafe was used
	others  []uintptr // offsets of words that are nil unless they lead to what cannot be moved
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
	l := &layout{}
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
		l.others = append(l.others, at)
	case reflect.String:
		l.strings = append(l.strings, at)
	default:
		if leadsToBytes(t, map[reflect.Type]bool{}) {
			l.others = append(l.others, at)
		}
	}
}

// leadsToBytes says whether bytes of a slab can be reached through a value of type t.
func leadsToBytes(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface, reflect.Func, reflect.UnsafePointer: // to whatever they like
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8 || leadsToBytes(t.Elem(), seen)
	case reflect.Pointer, reflect.Array, reflect.Chan:
		return leadsToBytes(t.Elem(), seen)
	case reflect.Map:
		return leadsToBytes(t.Key(), seen) || leadsToBytes(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if leadsToBytes(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// moveBytes gives *m bytes of its own when those that lie in s are few. It reports whether nothing in *m points into s any
// more.
func moveBytes[T any](s *Slab, m *T) bool {
	l := layoutOf(reflect.TypeFor[T]())
	for _, at := range l.others {
		if *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(m), at)) != nil {
			return false
		}
	}
	for _, at := range l.strings {
		if str := *(*string)(unsafe.Add(unsafe.Pointer(m), at)); s.has(unsafe.StringData(str)) {
			return false
		}
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
