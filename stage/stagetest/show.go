package stagetest

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unsafe"

	"github.com/leat-io/leat/stage"
)

// fields calls f with what v, which must be addressable, is made of, but for heads. Fields that are not exported count.
func fields(v reflect.Value, f func(name string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			m := v.Field(i)
			if m.Type() != reflect.TypeFor[stage.Head]() {
				f(v.Type().Field(i).Name, reflect.NewAt(m.Type(), unsafe.Pointer(m.UnsafeAddr())).Elem())
			}
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			f("", v.Index(i))
		}
	}
}

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

// shown is the default of Stage.Show.
func shown[T any](m *T) string { return show(reflect.ValueOf(m).Elem()) }

func show(v reflect.Value) string {
	switch {
	case isBytes(v):
		return fmt.Sprintf("%q", v.Bytes())
	case v.Type() == reflect.TypeFor[time.Time]():
		return "a time"
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Array, reflect.Slice:
		var parts []string
		fields(v, func(name string, m reflect.Value) {
			if name != "" {
				name += ": "
			}
			parts = append(parts, name+show(m))
		})
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Pointer, reflect.UnsafePointer, reflect.Func, reflect.Chan, reflect.Map, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return v.Kind().String()
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprint(v)
}

// intoSlab moves the bytes of m into a slab of l.
func intoSlab[T any](l *stage.Lane, m *T) {
	total := 0
	eachBytes(reflect.ValueOf(m).Elem(), func(b []byte) []byte { total += len(b); return b })
	if total == 0 {
		return
	}
	slab, mem := l.Bytes(total)
	stage.HeadOf(m).SetSlab(slab)
	eachBytes(reflect.ValueOf(m).Elem(), func(b []byte) []byte {
		if len(b) == 0 {
			return b
		}
		n := copy(mem, b)
		b, mem = mem[:n:n], mem[n:]
		return b
	})
}

// eachBytes replaces every byte slice in v by what f makes of it.
func eachBytes(v reflect.Value, f func([]byte) []byte) {
	if isBytes(v) {
		v.SetBytes(f(v.Bytes()))
		return
	}
	fields(v, func(_ string, m reflect.Value) { eachBytes(m, f) })
}
