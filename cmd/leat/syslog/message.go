package syslog

import (
	"time"

	"github.com/leodido/go-syslog/v4"
)

// A Format is the standard that a message follows.
type Format string

// The formats.
const (
	RFC5424 Format = "rfc5424"
	RFC3164 Format = "rfc3164"
)

// A Message is what is written of one datagram. What a message does not say is left out.
type Message struct {
	Received  time.Time                    `json:"received"`
	Peer      string                       `json:"peer"`
	Format    Format                       `json:"format"`
	Facility  string                       `json:"facility,omitempty"`
	Severity  string                       `json:"severity,omitempty"`
	Timestamp *time.Time                   `json:"timestamp,omitempty"`
	Host      string                       `json:"host,omitempty"`
	App       string                       `json:"app,omitempty"`
	ProcID    string                       `json:"procid,omitempty"`
	MsgID     string                       `json:"msgid,omitempty"`
	Data      map[string]map[string]string `json:"data,omitempty"`
	Message   string                       `json:"message"`
	Truncated bool                         `json:"truncated,omitempty"` // it was longer than the server takes
	Error     string                       `json:"error,omitempty"`     // why it is not well-formed
}

// take fills in what both formats have.
func (m *Message) take(b *syslog.Base) {
	m.Facility, m.Severity = value(b.FacilityLevel()), value(b.SeverityLevel())
	m.Host, m.App, m.ProcID, m.MsgID = value(b.Hostname), value(b.Appname), value(b.ProcID), value(b.MsgID)
	m.Message = value(b.Message)
}

// raw makes all of a datagram the message.
func (m *Message) raw(b []byte) {
	m.Format, m.Facility, m.Severity, m.Message = RFC3164, "user", "notice", string(b)
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
