package stagetest

import (
	"testing"

	"github.com/leat-io/leat/stage"
)

// A Stage describes a stage to the suite.
type Stage[In, Out any] struct {
	// Make makes the instances: a new one for each run, on a lane of its own.
	Make stage.Maker[In, Out]

	// Fill fills message i, always in the same way for the same i. Its byte slices are then moved into a slab, as if they
	// had been read from a connection, and most messages get a ticket of one of three connections.
	Fill func(i int, m *In)

	// Messages is how many the suite sends in one run. The default is 200.
	Messages int

	// Key is the key by which a stage that keeps state is sharded. With it the suite also hands over some partitions while
	// others stay; without it all move at once.
	Key func(*In) uint64

	// Show describes an output; two outputs are the same when they look the same. The default follows structs, arrays and
	// slices, and prints neither pointers nor times.
	Show func(*Out) string

	// AnyOrder is for stages that emit what they hold in no particular order, for example out of a map.
	AnyOrder bool
}

// A check takes a testing.TB so that the suite's own tests can watch it fail.
type check[In, Out any] struct {
	name string
	run  func(*Stage[In, Out], testing.TB)
}

func checks[In, Out any]() []check[In, Out] {
	return []check[In, Out]{
		{"any batch size gives the same messages in the same order", (*Stage[In, Out]).checkBatches},
		{"neither slice is kept", (*Stage[In, Out]).checkSlices},
		{"flush emits what is held", (*Stage[In, Out]).checkFlush},
		{"every ticket is settled once", (*Stage[In, Out]).checkTickets},
		{"state goes over to another instance", (*Stage[In, Out]).checkHandover},
		{"parameters keep their word", (*Stage[In, Out]).checkParams},
	}
}

// Run checks s, each property in a subtest of its own. Properties that s does not claim to have are skipped.
func Run[In, Out any](t *testing.T, s Stage[In, Out]) {
	for _, c := range checks[In, Out]() {
		t.Run(c.name, func(t *testing.T) { c.run(s.withDefaults(), t) })
	}
}

func (s Stage[In, Out]) withDefaults() *Stage[In, Out] {
	if s.Messages == 0 {
		s.Messages = 200
	}
	if s.Show == nil {
		s.Show = shown[Out]
	}
	return &s
}
