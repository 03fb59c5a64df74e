package plainmux

import (
	"errors"
	"net"
	"time"
)

// A RawConn reads and writes frames and keeps no rule: tests misbehave with it. It is for one goroutine that reads and one that
// writes.
type RawConn struct {
	framer *framer
	theirs Settings
	wait   time.Duration
}

// Raw takes a transport of which nothing was read or written yet. Next waits for 5 s unless SetWait says otherwise.
func Raw(transport net.Conn) *RawConn {
	return &RawConn{framer: newFramer(transport), wait: 5 * time.Second}
}

// SetWait says how long Next waits for a frame.
func (r *RawConn) SetWait(d time.Duration) { r.wait = d }

// Handshake sends preface and SETTINGS and reads those of the other side. It offers all of the features in the Config; only
// checksums it knows how to make.
func (r *RawConn) Handshake(config Config) error {
	config, err := config.filled()
	if err != nil {
		return err
	}
	g, err := r.framer.greet(config)
	r.theirs = g.settings
	r.framer.maxFrame, r.framer.frameTime = maxLength, 0
	r.framer.clock.keepalive.Store(0)
	return errors.Join(err, r.framer.transport.SetReadDeadline(time.Time{}))
}

// Theirs are the settings of the other side.
func (r *RawConn) Theirs() Settings { return r.theirs }

// Write writes one frame, with a checksum when the connection has the feature, whatever else may be wrong with it.
func (r *RawConn) Write(t Type, flags Flags, stream uint32, payload []byte) error {
	return r.framer.write(Frame{Type: t, Flags: flags, Stream: stream, Payload: payload})
}

// WriteBytes writes what need not be a frame.
func (r *RawConn) WriteBytes(b []byte) error {
	_, err := r.framer.transport.Write(b)
	return err
}

// Next returns the next frame, whose CHECKED flag says whether it had a checksum. The end of the transport is io.EOF.
func (r *RawConn) Next() (Frame, error) {
	r.framer.clock.limit = time.Now().Add(r.wait)
	defer func() { r.framer.clock.limit = time.Time{} }()
	return r.framer.read()
}

// Close closes the transport.
func (r *RawConn) Close() error { return r.framer.transport.Close() }
