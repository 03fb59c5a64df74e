// Package udptest says whether an engine of package udp keeps what the package promises: that every datagram arrives as it was
// sent, that a bad one costs nobody else, that what is lost is counted, and that what had arrived before a stop is dealt with.
//
//	func TestConformance(t *testing.T) {
//		udptest.Run(t, func(t testing.TB, opts ...udp.Option) udptest.Engine { ... })
//	}
//
// Each check assembles pipelines of its own around a fresh source and talks to it as clients would. Run the suite with -race
// too, with GOMAXPROCS=1, and with the tag leakcheck.
package udptest

import (
	"net"
	"testing"

	"github.com/leat-io/leat/sources/udp"
)

// An Engine is a source and a way to reach it.
type Engine struct {
	Source *udp.Source

	// Dial makes a client's socket, connected to the source, whose pipeline has been started or is about to be.
	Dial func() (net.Conn, error)

	// Uncounted says that the engine cannot tell what was dropped in front of it.
	Uncounted bool

	// Longest is the most bytes of a datagram that Dial's sockets can get through to the source, or 0 for all that there are.
	Longest int
}

// A Maker makes a fresh source, which has been bound, with options of the check.
type Maker func(t testing.TB, opts ...udp.Option) Engine

// Run checks the engine of the sources that mk makes. Times are real and short.
func Run(t *testing.T, mk Maker) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(&suite{TB: t, make: mk}) })
	}
}

// A suite is what one check works with.
type suite struct {
	testing.TB
	make Maker
}

var checks = []struct {
	name string
	run  func(*suite)
}{
	{"datagrams of all sizes come back as they were sent", allSizes},
	{"the longest datagram arrives whole", longest},
	{"an empty datagram is a packet", empty},
	{"a datagram that is too long is cut, flagged and counted", truncated},
	{"a flow keeps its order, in batches of the size that was asked for", order},
	{"a packet knows its sender, its flow and its socket", identity},
	{"a datagram that does not decode costs itself alone", undecodable},
	{"a panic costs its packet alone", panics},
	{"a packet that has failed is not answered", failed},
	{"an answer to nobody costs nobody else", answerToNobody},
	{"a worker that stalls loses what is its own", stalledWorker},
	{"a lane that is stalled turns on, and the kernel counts", stalledLane},
	{"what had arrived before the stop is received", arrived},
	{"what had arrived behind a full queue is received", arrivedBehindAQueue},
	{"a stop under load ends", stopUnderLoad},
	{"a stage that hangs is reported in time", hangs},
	{"a source that never ran gives its socket back", unused},
}
