// Package session is the state of one connection of the mux protocol: its streams, what each side may send, and in which order
// what is to be sent goes out. It does no input or output and starts no goroutine, so that it serves stages as well as blocking
// streams.
//
// A session has two halves. The receiving half belongs to whoever reads the connection: [Session.Feed] takes the bytes in
// their order and calls the users of the streams. The sending half is guarded by the session's lock, taken inside, so that any goroutine
// may send; what is to be written is fetched with [Session.Take], by one at a time.
package session

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/mux"
)

// A Config says how a session behaves. The zero Config is that of a client with the defaults.
type Config struct {
	Server   bool          // the side that accepted the connection
	Settings *mux.Settings // of this side; nil stands for [mux.DefaultSettings]
	Features mux.Features  // that this side offers
	Metadata mux.Metadata  // of the first SETTINGS

	// Authenticate decides about the other side by the metadata of its SETTINGS, borrowed for the call. An error is answered
	// with its code when it is a *mux.Error, with UNAUTHENTICATED otherwise.
	Authenticate func(mux.Metadata) error

	Compress   mux.Compressor   // of what is sent, if the features allow it
	Decompress mux.Decompressor // of what is received; needed to offer compression

	Policy Policy // of the scheduler
	Limits *Limits
	Budget *Budget // that windows grow within, and what Push keeps; nil stands for [DefaultBudget]
}

// A User has the streams that the other side opens. Its methods are called by whoever calls [Session.Feed].
type User interface {
	// Accept returns the stream, with its Side, for one that the other side opens, or why not: an *mux.Error is answered with
	// its code, anything else with REFUSED. The metadata is borrowed for the call.
	Accept(o *mux.Opening) (*Stream, error)
	// Freed says that one of this side's streams has ended, so that another may be opened. The session's lock is held.
	Freed()
	// Paced says that [Session.Pace] may have changed: the settings of the other side have come. The session's lock is held.
	Paced()
}

// A Session is one side of a connection.
type Session struct {
	user   User
	server bool
	limits Limits
	own    mux.Settings
	auth   func(mux.Metadata) error
	inflow inflow // of whoever reads

	mu      sync.Mutex // guards what follows
	peer    mux.Settings
	offer   mux.Preface
	feature mux.Features
	streams map[uint32]*Stream
	ours    int         // open streams that this side has opened
	theirs  int         // streams that the other side has opened and that are open or being served
	alone   atomic.Bool // they are one together; written under the lock
	most    int         // streams that were open at once
	next    uint32      // number of the next stream of this side
	latest  uint32      // of the other side's; 0 before the first
	last    uint32      // of the other side's streams that are served, once leaving
	leaving bool        // GOAWAY was sent
	left    bool        // GOAWAY was received
	barred  uint32      // the number in it
	known   bool        // the preface of the other side has come, so that it may be told something
	ready   bool        // the settings of the other side are known
	err     error       // why the session has ended
	credit  window      // of what the connection receives
	held    int         // bytes received and not consumed
	waits   int         // bytes that Push has kept and that are not sent
	short   atomic.Bool // credit of the connection is withheld; written under the lock
	budget  *Budget
	pulse   pulse
	out     outflow
}

// New returns a session, which has its preface and its settings to send.
func New(u User, c Config) (*Session, error) {
	own := mux.DefaultSettings
	if c.Settings != nil {
		own = *c.Settings
	}
	if err := own.Check(); err != nil {
		return nil, err
	}
	if own.StreamWindow == 0 {
		return nil, errNoWindow
	}
	s := &Session{
		user: u, server: c.Server, limits: DefaultLimits, own: own, auth: c.Authenticate, budget: c.Budget,
		peer: mux.DefaultSettings, streams: make(map[uint32]*Stream), next: 1,
	}
	if c.Limits != nil {
		s.limits = *c.Limits
	}
	if c.Server {
		s.next = 2
	}
	if s.budget == nil {
		s.budget = DefaultBudget
	}
	if c.Decompress == nil {
		c.Features &^= mux.S2 | mux.Zstandard
	}
	s.offer = mux.Preface{Low: mux.Version, High: mux.Version, Features: c.Features}
	s.credit.begin(own.ConnectionWindow, max(s.limits.ConnectionWindow, own.ConnectionWindow))
	s.inflow.begin(c.Decompress, s.limits.Rates)
	s.pulse.begin(time.Now())
	s.out.begin(c.Policy, c.Compress)
	s.out.bytes = mux.AppendSettings(s.offer.Append(nil), &own, &mux.DefaultSettings, c.Metadata)
	if n := len(s.out.bytes) - mux.PrefaceSize - mux.HeaderSize; n > mux.MostSettings {
		return nil, fmt.Errorf("the metadata makes SETTINGS %d bytes long, above %d", n, mux.MostSettings)
	}
	return s, nil
}

var errNoWindow = errors.New("StreamWindow is 0: credit is returned when bytes are read, so there would never be any")

// Err is why the session has ended, or nil.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Ready says whether the other side's settings are known: before that no stream can be opened.
func (s *Session) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

// Alone says whether there is one stream and no other. It takes no lock.
func (s *Session) Alone() bool { return s.alone.Load() }

// count counts streams that come or go. The lock is held.
func (s *Session) count(which *int, by int) {
	*which += by
	s.alone.Store(s.ours+s.theirs == 1)
}

// A State is what a session shows of itself.
type State struct {
	Ours, Theirs int           // streams of this side and of the other
	Held         int           // bytes received and not read
	Window       int           // of the connection, in bytes
	RoundTrip    time.Duration // the least of late; 0 until it is known
	Leaving      bool          // this side has sent GOAWAY
	Left         bool          // the other side has
	Features     mux.Features  // in effect
}

// State shows the session.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{
		Ours: s.ours, Theirs: s.theirs, Held: s.held, Window: s.credit.size, RoundTrip: s.pulse.trip, Leaving: s.leaving, Left: s.left,
		Features: s.feature,
	}
}

// Short says that credit of the connection is withheld because more is held than may be. Until it is not, users of streams call
// [Stream.Consumed] at once and not for many bytes at a time: with many streams what each has not told of would be too much for ever.
func (s *Session) Short() bool { return s.short.Load() }

// above compares the numbers of streams of one opener: RFC 1982.
func above(a, b uint32) bool { return int32(a-b) > 0 }

// mine says whether a stream has a number of this side.
func (s *Session) mine(id uint32) bool { return id&1 == 1 != s.server }

// idle says whether a stream has not been opened yet. The lock is held.
func (s *Session) idle(id uint32) bool {
	if s.mine(id) {
		return !above(s.next, id)
	}
	return above(id, s.latest)
}

// fail ends the session and returns err. The lock is held.
func (s *Session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}
