package codectest

import (
	"fmt"
	"reflect"
	"testing"
	"unsafe"
)

// checkAliases looks at each message in the moment at which it is decoded.
func (c *Codec[T]) checkAliases(t testing.TB) {
	for _, wire := range c.streams(t) {
		for _, chunks := range [][][]byte{{wire}, cut(wire, []byte{1})} {
			if d := c.aliases(chunks); d != "" {
				t.Errorf("%s: %s", quoted(wire), d)
				break
			}
		}
	}
}

func (c *Codec[T]) aliases(chunks [][]byte) (fault string) {
	f := NewFeed(c.Decoder, c.Limit)
	for _, chunk := range chunks {
		err := f.Push(chunk, func(wire []byte, v *T) {
			if d := astray(wire, "", reflect.ValueOf(v).Elem()); d != "" {
				fault = d
			}
		})
		if fault != "" || err != nil {
			break
		}
	}
	return fault
}

// astray says which []byte of v does not lie in wire or may grow over what follows it, or nothing.
func astray(wire []byte, name string, v reflect.Value) (fault string) {
	if !isBytes(v) {
		members(v, func(n string, m reflect.Value) {
			if f := astray(wire, name+n, m); f != "" {
				fault = f
			}
		})
		return fault
	}
	start, from := uintptr(unsafe.Pointer(unsafe.SliceData(wire))), v.Pointer()
	switch {
	case v.Cap() == 0:
		return ""
	case from < start || from+uintptr(v.Len()) > start+uintptr(len(wire)):
		return fmt.Sprintf("%s does not lie in the %d bytes of its message", name, len(wire))
	case v.Cap() != v.Len():
		return fmt.Sprintf("%s has %d bytes but a capacity of %d: an append would overwrite what follows", name, v.Len(), v.Cap())
	}
	return ""
}
