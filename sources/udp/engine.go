package udp

import (
	"github.com/leat-io/leat/pipeline"
)

// An engine receives packets for a source. It has a goroutine for each lane, which the source starts.
type engine interface {
	// String is what the gauge "engine" says.
	String() string

	// validate says what is wrong with the settings of s for this engine; lanes is how many lanes it has with them.
	validate(s *Source) error
	lanes(s *Source) int

	// open makes the sockets of the source, one for each lane: what each lane receives is stamped with its own. The source's
	// mu is held. After an error nothing is open.
	open(s *Source) error

	// run receives on one lane, until the source's phase is stopping and all that had arrived has been pushed, or until it is
	// abandoned. The lane rests before and behind it.
	run(l *lane)

	// wake makes run look at the phase, or push what waits in a lane that is stalled. Any goroutine may call it, also before run
	// and behind it.
	wake(l *lane)

	// waits says whether a push may wait for room in a queue; else wake is called when there is room.
	waits() bool

	// gauges are figures of the engine and its sockets. The source's mu is held.
	gauges(s *Source) []pipeline.Gauge

	// close closes what open has opened. Nothing runs any more.
	close(s *Source)
}
