// Package muxserve serves the mux protocol for the command: what streams are answered, and how connections end.
package muxserve

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/leat-io/leat/cmd/leat/reading"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
)

// Names are those of the apps: echo sends back what comes, upper does so with the letters of ASCII in capitals, discard sends nothing.
var Names = []string{"echo", "upper", "discard"}

// An App answers streams, of bytes as they come and of messages one by one, whichever method they call. Its Handle is a Handler of
// [muxnet.Server].
type App struct {
	Name string // one of Names

	streams, open, failed, in, out atomic.Int64
}

// Gauges are what the app has done so far.
func (a *App) Gauges() []pipeline.Gauge {
	return []pipeline.Gauge{
		{Name: "streams", Value: fmt.Sprint(a.streams.Load())},
		{Name: "streams open", Value: fmt.Sprint(a.open.Load())},
		{Name: "streams failed", Value: fmt.Sprint(a.failed.Load())},
		{Name: "bytes in", Value: fmt.Sprint(a.in.Load())},
		{Name: "bytes out", Value: fmt.Sprint(a.out.Load())},
	}
}

// Handle answers one stream.
func (a *App) Handle(s *muxnet.Stream) {
	a.streams.Add(1)
	a.open.Add(1)
	defer a.open.Add(-1)
	var err error
	if s.Opening().Messages {
		err = a.messages(s)
	} else {
		err = a.bytes(s)
	}
	if !errors.Is(err, io.EOF) {
		a.failed.Add(1)
		s.Reset(mux.Cancelled, "")
	}
}

func (a *App) bytes(s *muxnet.Stream) error {
	var buf reading.Buffer
	defer buf.Free()
	for {
		b, err := buf.Read(s)
		a.in.Add(int64(len(b)))
		if len(b) > 0 && a.Name != "discard" {
			n, err := s.Write(a.answer(b))
			if a.out.Add(int64(n)); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

func (a *App) messages(s *muxnet.Stream) error {
	var b []byte
	for {
		m, err := s.ReadMessage(b)
		if err != nil {
			return err
		}
		a.in.Add(int64(len(m)))
		if a.Name != "discard" {
			if err := s.WriteMessage(a.answer(m)); err != nil {
				return err
			}
			a.out.Add(int64(len(m)))
		}
		b = m
	}
}

// answer makes the answer to b in its place.
func (a *App) answer(b []byte) []byte {
	if a.Name == "upper" {
		for i, c := range b {
			if 'a' <= c && c <= 'z' {
				b[i] = c - 'a' + 'A'
			}
		}
	}
	return b
}
