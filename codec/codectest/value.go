package codectest

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/leat-io/leat/stage"
)

var headType = reflect.TypeFor[stage.Head]()

// members calls f with the fields or elements of v and their names, except heads. What f gets can be set even if it is not
// exported: v must be addressable.
func members(v reflect.Value, f func(name string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			m := v.Field(i)
			if m.Type() == headType {
				continue
			}
			f("."+v.Type().Field(i).Name, reflect.NewAt(m.Type(), unsafe.Pointer(m.UnsafeAddr())).Elem())
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			f(fmt.Sprintf("[%d]", i), v.Index(i))
		}
	}
}

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

func cloneOf[T any](m *T) T {
	c := *m
	if stage.HasHead[T]() {
		*stage.HeadOf(&c) = stage.Head{}
	}
	detach(reflect.ValueOf(&c).Elem())
	return c
}

// detach gives v memory of its own.
func detach(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Clone(v.String()))
		return
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
			return
		}
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		v.Set(own)
	}
	if !isBytes(v) {
		members(v, func(_ string, m reflect.Value) { detach(m) })
	}
}

func equal[T any](a, b *T) bool { return reflect.DeepEqual(cloneOf(a), cloneOf(b)) }

func printed[T any](m *T) string {
	c := *m
	return describe(reflect.ValueOf(&c).Elem())
}

func describe(v reflect.Value) string {
	const most = 64
	switch {
	case isBytes(v) && v.Len() > most:
		return fmt.Sprintf("%q... of %d bytes", v.Bytes()[:most], v.Len())
	case isBytes(v):
		return fmt.Sprintf("%q", v.Bytes())
	case v.Kind() == reflect.Struct, v.Kind() == reflect.Array, v.Kind() == reflect.Slice:
		var parts []string
		members(v, func(name string, m reflect.Value) {
			parts = append(parts, strings.TrimPrefix(name, ".")+": "+describe(m))
		})
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf("%#v", v)
}
