package udp_test

import "github.com/leat-io/leat/sources/udp"

const (
	several = true // lanes may share an address
	counted = true // the kernel says what it drops
)

var engines = []struct {
	name string
	opts []udp.Option
}{
	{"std", []udp.Option{udp.Std()}},
	{"mmsg", []udp.Option{udp.Mmsg()}},
	{"mmsg that never naps", []udp.Option{udp.Mmsg(), udp.Nap(0)}},
	{"gro", []udp.Option{udp.GRO()}},
}
