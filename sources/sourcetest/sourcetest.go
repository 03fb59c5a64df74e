// Package sourcetest says whether a source of byte streams keeps the contract of package pipeline: that every byte arrives,
// that answers come back in order, that one bad peer costs nobody else, and that what was accepted is answered at the end.
//
//	func TestConformance(t *testing.T) {
//		sourcetest.Run(t, func(t testing.TB, o sourcetest.Options) sourcetest.Engine { ... })
//	}
//
// Each check assembles pipelines of its own around a fresh source and talks to it as clients would. Run the suite with -race
// too, with GOMAXPROCS=1, and with the tag leakcheck.
package sourcetest

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Options are what a check wants of a source.
type Options struct {
	Limits   stage.Limits
	MaxConns int
}

// An Engine is a source and a way to reach it.
type Engine struct {
	// Source reads the connections. Its gauges are those that package internal/peers keeps: "open", "refused",
	// "closed: idle" and so on.
	Source pipeline.Source[stage.Segment]

	// Dial makes a connection to the source, whose pipeline has been started. It may fail, or give a connection that
	// ends at once, when the source has as many connections as it may.
	Dial func() (Conn, error)

	// NoReset says that the transport does not tell a client that went away from one that has ended, as unix sockets do
	// when the client has read all that had been sent to it.
	NoReset bool

	// Cost is the most bytes of heap that a connection at rest may cost, both ends together. 0 stands for 4 KiB.
	Cost int
}

// A Conn is a client's end of a connection. Its kernel should buffer little, so that a client which does not read is felt
// soon.
type Conn interface {
	io.ReadWriter

	// CloseWrite says that nothing more will be sent; answers can still be read.
	CloseWrite() error

	// Close ends the connection at once, also when answers are on their way: the source finds it reset.
	Close() error
}

// A Maker makes a fresh source. It is called in the check, so in its bubble if there is one.
type Maker func(testing.TB, Options) Engine

// Run checks the sources that mk makes. Times are real and short.
func Run(t *testing.T, mk Maker) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if c.waits {
				t.Parallel()
			}
			c.run(&suite{TB: t, make: mk})
		})
	}
}

// RunVirtual is Run for a source that works in a testing/synctest bubble: times are exact, and a stall is found at once.
func RunVirtual(t *testing.T, mk Maker) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(&suite{TB: t, make: mk, virtual: true}) })
		})
	}
}

// A suite is what one check works with.
type suite struct {
	testing.TB
	make    Maker
	virtual bool
}

type check struct {
	name  string
	run   func(*suite)
	waits bool // for time to pass, most of its own: it may run beside others that do, and measures no memory
}

var checks = []check{
	{"every byte arrives and answers come back in order", everyByte, false},
	{"torn and joined messages are put together again", tornMessages, false},
	{"a connection keeps its lane where order depends on it", fixedLanes, false},
	{"a half-closed client still gets all answers", halfClose, false},
	{"a client that resets costs nobody else", reset, false},
	{"there are at most so many connections", maxConns, false},
	{"an idle connection is closed", idle, true},
	{"a connection that never completes a message is closed", firstMessage, true},
	{"a connection that does not go on with a message is closed", readTimeout, true},
	{"a connection that takes no answers is closed", writeTimeout, false},
	{"a byte now and then does not keep a connection open", drip, true},
	{"a slow message in time is served", slowButInTime, true},
	{"a peer that never reads is bounded and others are served", neverReads, false},
	{"an endless line is refused", endlessLine, false},
	{"an oversized frame and garbage cost their connection alone", garbage, false},
	{"thousands of half-open connections cost little", halfOpen, false},
	{"a panic costs the connection of its message", panics, false},
	{"requests in flight are bounded", inFlight, false},
	{"a connection goes on when what it waited for comes at once", onAtOnce, false},
	{"a drain answers what was accepted", drainUnderLoad, false},
	{"a drain waits for slow work", drainSlowWork, true},
	{"what had arrived before the stop is answered", arrivedUnseen, false},
	{"what had arrived behind the bound in flight is answered", arrivedBehindTheBound, false},
	{"late input does not cost the last answers", lateInput, false},
	{"a stop does not wait for input that nobody will read", stopBehindARefusal, false},
	{"a stage that hangs is reported in time", hangs, true},
	{"everybody but the culprit is closed in good order", hangsAlone, true},
}
