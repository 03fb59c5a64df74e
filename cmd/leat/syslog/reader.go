package syslog

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/rfc3164"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// A reader reads messages on one lane.
type reader struct {
	server *Server
	lane   *stage.Lane
	new    syslog.Machine // RFC 5424
	old    syslog.Machine // RFC 3164
	line   bytes.Buffer
	write  *json.Encoder // into line
}

func newReader(s *Server, l *stage.Lane) *reader {
	// Each datagram is one message, so that a newline within it is part of it. What a zone and a year are is settled in dated.
	newer := []syslog.MachineOption{rfc5424.WithBestEffort()}
	older := []syslog.MachineOption{rfc3164.WithBestEffort(), rfc3164.WithEmbeddedNewlines(), rfc3164.WithRFC3339(), rfc3164.WithLenientDay(), rfc3164.WithSecondFractions()}
	r := &reader{server: s, lane: l, new: rfc5424.NewMachine(newer...), old: rfc3164.NewMachine(older...)}
	r.write = json.NewEncoder(&r.line)
	r.write.SetEscapeHTML(false)
	return r
}

// read writes the line of a packet, if it is to have one.
func (r *reader) read(p *udp.Packet, emit func() *lines.Text) {
	b := bytes.TrimRight(p.Data, "\r\n\x00")
	m := Message{Received: p.Time(), Peer: p.Peer.String(), Truncated: p.Flags&udp.Truncated != 0}
	if m.Received.IsZero() {
		m.Received = r.lane.Now()
	}
	m.Received = m.Received.UTC()
	var err error
	if m.Format = formatOf(b); m.Format == RFC5424 {
		err = r.readNew(&m, b)
	} else {
		err = r.readOld(&m, b)
	}
	switch {
	case err != nil:
		r.server.malformed.Add(1)
		if !r.server.cfg.BestEffort {
			return
		}
		m.Error = err.Error()
	case m.Format == RFC5424:
		r.server.rfc5424.Add(1)
	default:
		r.server.rfc3164.Add(1)
	}
	r.line.Reset()
	if r.write.Encode(&m) != nil { // it has nothing in it that cannot be written
		return
	}
	slab, text := r.lane.Bytes(r.line.Len())
	t := emit()
	t.SetSlab(slab)
	t.Bytes = text[:copy(text, r.line.Bytes())]
}

// formatOf looks for the version behind the priority: a digit that is not 0, up to two more, and a space (RFC 5424, section 6).
func formatOf(b []byte) Format {
	end := bytes.IndexByte(b[:min(len(b), 5)], '>') // "<191>" at most
	if end < 0 {
		return RFC3164
	}
	version := b[end+1:]
	n := 0
	for n < len(version) && n < 3 && version[n]-'0' <= 9 {
		n++
	}
	if n > 0 && version[0] != '0' && n < len(version) && version[n] == ' ' {
		return RFC5424
	}
	return RFC3164
}

func (r *reader) readNew(m *Message, b []byte) error {
	got, err := r.new.Parse(b)
	if s, ok := got.(*rfc5424.SyslogMessage); ok && s != nil && s.Priority != nil {
		m.take(&s.Base)
		m.Message = strings.TrimPrefix(m.Message, "\ufeff") // it says that the text is UTF-8 (RFC 5424, 6.4), and is no part of it
		if s.StructuredData != nil {
			m.Data = *s.StructuredData
		}
		if s.Timestamp != nil {
			m.Timestamp = s.Timestamp
		}
	} else {
		m.raw(b)
	}
	return err
}

func (r *reader) readOld(m *Message, b []byte) error {
	got, err := r.old.Parse(b)
	s, ok := got.(*rfc3164.SyslogMessage)
	if !ok || s == nil || s.Priority == nil {
		m.raw(b)
		return err
	}
	m.take(&s.Base)
	if s.Timestamp != nil {
		t := r.dated(*s.Timestamp, m.Received)
		m.Timestamp = &t
	}
	return err
}

// dated gives a time without a year the year that brings it next to now, and the zone of this server. One that was written with its
// year, as RFC 3339 has it, stays as it is.
func (r *reader) dated(t, now time.Time) time.Time {
	if t.Year() != 0 {
		return t
	}
	in := func(year int) time.Time {
		return time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), r.server.cfg.Zone)
	}
	const half = 365 * 24 * time.Hour / 2
	year := now.In(r.server.cfg.Zone).Year()
	switch guess := in(year); {
	case guess.Sub(now) > half:
		return in(year - 1)
	case now.Sub(guess) > half:
		return in(year + 1)
	default:
		return guess
	}
}
