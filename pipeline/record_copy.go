package pipeline

import (
	"cmp"
	"reflect"
	"slices"
	"unsafe"

	"github.com/leat-io/leat/stage"
)

// A copier gives messages of one type slices of their own, at any depth. It works by reflection: what it does is never timed.
type copier struct{ message reflect.Type }

func newCopier[T any]() copier { return copier{reflect.TypeFor[T]()} }

func (c copier) at(m unsafe.Pointer) reflect.Value { return reflect.NewAt(c.message, m).Elem() }

// own replaces the slices of *m by copies and returns how many bytes it carries.
func (c copier) own[T any](m *T) (bytes int) {
	whole := c.at(unsafe.Pointer(m))
	all := spansOf(whole)
	for i := range all {
		all[i].to = append(make([]byte, 0, all[i].room), all[i].was...)
		bytes += len(all[i].was)
	}
	eachSlice(whole, func(s reflect.Value) reflect.Value {
		if ofBytes(s) {
			s.SetBytes(all.of(s))
			return s
		}
		to := reflect.MakeSlice(s.Type(), s.Len(), room(s))
		reflect.Copy(to, s)
		s.Set(to)
		return s
	})
	return bytes
}

// room is the capacity of a copy: that of the original, which a stage may append to, unless it is the rest of something large.
func room(s reflect.Value) int { return min(s.Cap(), 2*s.Len()+256) }

// A patch restores what a stage may have changed: bytes, or the elements of another slice.
type patch struct {
	bytes, was []byte
	all, were  reflect.Value
}

func (p *patch) apply() {
	if p.was != nil {
		copy(p.bytes, p.was)
		return
	}
	reflect.Copy(p.all, p.were)
}

// stage moves the slices of *m to memory in which a stage may work: bytes all together to what alloc returns, others to
// memory of their own. The patches bring back there what *m had.
func (c copier) stage[T any](m *T, alloc func(n int) []byte) (patches []patch) {
	whole := c.at(unsafe.Pointer(m))
	all, total := spansOf(whole), 0
	for i := range all {
		total += all[i].room
	}
	block := alloc(total)
	for i := range all {
		s := &all[i]
		s.to, block = append(block[:0:s.room], s.was...), block[s.room:]
		patches = append(patches, patch{bytes: s.to, was: s.was})
	}
	eachSlice(whole, func(s reflect.Value) reflect.Value {
		if ofBytes(s) {
			s.SetBytes(all.of(s))
			return s
		}
		work, were := reflect.MakeSlice(s.Type(), s.Len(), room(s)), reflect.MakeSlice(s.Type(), s.Len(), s.Len())
		reflect.Copy(were, s)
		s.Set(work)
		patches = append(patches, patch{all: work, were: were})
		return were // its elements are moved next; work gets them with the patch
	})
	return patches
}

// A span is memory in which one or more slices of bytes lie, such as a request and its arguments: what is written through one
// of them is seen through the others.
type span struct {
	was  []byte // up to where the longest ends
	room int    // with what the slices have behind their ends
	to   []byte // the copy
}

type spans []span // in order of their addresses

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

func spansOf(v reflect.Value) (all spans) {
	eachSlice(v, func(s reflect.Value) reflect.Value {
		if ofBytes(s) {
			all = append(all, span{was: s.Bytes(), room: room(s)})
		}
		return s
	})
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(address(a.was), address(b.was)) })
	merged := all[:0]
	for _, s := range all {
		if last := len(merged) - 1; last >= 0 && address(s.was) < address(merged[last].was)+uintptr(max(len(merged[last].was), 1)) {
			m := &merged[last]
			off := int(address(s.was) - address(m.was))
			m.was = unsafe.Slice(unsafe.SliceData(m.was), max(len(m.was), off+len(s.was)))
			m.room = max(m.room, off+s.room)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// of returns what stands for s in the copy of its span.
func (all spans) of(s reflect.Value) []byte {
	b := s.Bytes()
	i, _ := slices.BinarySearchFunc(all, address(b)+1, func(a span, at uintptr) int { return cmp.Compare(address(a.was), at) })
	in := all[i-1]
	off := int(address(b) - address(in.was))
	return in.to[off : off+len(b) : off+room(s)]
}

func ofBytes(s reflect.Value) bool { return s.Type().Elem().Kind() == reflect.Uint8 }

// eachSlice calls f with every slice in v, which must be addressable, and goes on with the elements of what f returns. It
// does not look into heads, nor behind pointers, maps and interfaces.
func eachSlice(v reflect.Value, f func(reflect.Value) reflect.Value) {
	if !holdsSlices(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			m := v.Field(i) // set through its address, because it may not be exported
			eachSlice(reflect.NewAt(m.Type(), unsafe.Pointer(m.UnsafeAddr())).Elem(), f)
		}
	case reflect.Array:
		for i := range v.Len() {
			eachSlice(v.Index(i), f)
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		v = f(v)
		if holdsSlices(v.Type().Elem()) {
			for i := range v.Len() {
				eachSlice(v.Index(i), f)
			}
		}
	}
}

func holdsSlices(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice:
		return true
	case reflect.Array:
		return holdsSlices(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[stage.Head]() {
			return false
		}
		for i := range t.NumField() {
			if holdsSlices(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
