//go:build !linux

package udp_test

import "github.com/leat-io/leat/sources/udp"

const several, counted = false, false

var engines = []struct {
	name string
	opts []udp.Option
}{{"std", []udp.Option{udp.Std()}}}
