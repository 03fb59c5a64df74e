package plainmux

import (
	"errors"
	"io"
	"time"
)

// A greeting is what a side learns of the other in the handshake.
type greeting struct {
	settings Settings
	metadata []Pair
}

// greet sends preface and SETTINGS and reads those of the other side. Both sides write first,
// and a transport may hold nothing, so writing has its own goroutine.
func (f *framer) greet(c Config) (greeting, error) {
	hello := append(appendPreface(nil, c.Features), f.encode(Frame{Type: SettingsType, Payload: c.greeting()})...)
	limit := time.Now().Add(c.HandshakeTime)
	if err := f.transport.SetWriteDeadline(limit); err != nil {
		return greeting{}, err
	}
	written := make(chan error, 1)
	go func() {
		_, err := f.transport.Write(hello)
		written <- err
	}()
	f.clock.limit = limit
	g, err := f.greeted(c)
	f.clock.limit = time.Time{}
	if _, coded := err.(*Error); err != nil && !coded {
		f.transport.Close()
	}
	if unsent := <-written; unsent != nil {
		return g, errors.Join(err, unsent) // a GOAWAY would stand within what was begun
	}
	if err != nil {
		return g, err
	}
	f.maxFrame = c.Settings.MaxFrame
	f.frameTime = c.FrameTime
	f.clock.keepalive.Store(c.Settings.Keepalive)
	return g, f.transport.SetWriteDeadline(time.Time{})
}

func (f *framer) greeted(c Config) (greeting, error) {
	var preface [prefaceSize]byte
	if _, err := io.ReadFull(f.in, preface[:]); err != nil {
		return greeting{}, plainly(err)
	}
	features, err := parsePreface(preface[:])
	if err != nil {
		return greeting{}, err
	}
	f.checked = features&c.Features&Checksums != 0 // whatever is sent behind the first SETTINGS, a GOAWAY too
	f.maxFrame = maxGreeting
	frame, err := f.read()
	if err != nil {
		return greeting{}, err
	}
	if frame.Type != SettingsType {
		return greeting{}, fault(Protocol, "the first frame is of type %d, not SETTINGS", frame.Type)
	}
	f.checkedIn = f.checked
	g := greeting{settings: DefaultSettings()}
	g.metadata, err = g.settings.apply(frame.Payload, true)
	return g, err
}

// plainly turns an error with a code into one that cannot be told to the other side: it has not said that it speaks the protocol.
func plainly(err error) error {
	if e, ok := err.(*Error); ok {
		return &prefaceError{e}
	}
	return err
}

type prefaceError struct{ err *Error }

func (e *prefaceError) Error() string { return e.err.Error() }
func (e *prefaceError) Unwrap() error { return e.err }
