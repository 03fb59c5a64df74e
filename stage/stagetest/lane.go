package stagetest

import (
	"slices"
	"sync"

	"github.com/leat-io/leat/stage"
)

// A Lane is a lane that remembers what was reported of its stages: the errors they returned, and their panics.
type Lane struct {
	*stage.Lane

	mu       sync.Mutex
	reported []error // guarded by mu
}

// NewLane makes a lane for the goroutine of a test. It has one node, whose name is name.
func NewLane(name string) *Lane {
	l := &Lane{}
	l.Lane = stage.NewLane("lane of "+name, 0, func(_ string, err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.reported = append(l.reported, err)
	})
	l.Enter(l.Making(1, name))
	return l
}

// Reported returns what was reported so far.
func (l *Lane) Reported() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.reported)
}
