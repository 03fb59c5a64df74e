package muxserve

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/stage"
)

// running is a client of a server of the app. End ends that, within a time, and returns how its connection has ended.
func running(t *testing.T, app *App, drain time.Duration) (c *muxnet.Conn, end func() error) {
	t.Helper()
	near, transport := net.Pipe()
	srv := New(&muxnet.Server{Handler: app.Handle}, &handoff.Warnings{Log: slog.New(slog.DiscardHandler)})
	live, cut := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(live, transport, handoff.Peer{}) }()
	c, err := muxnet.Client(near)
	if err != nil {
		t.Fatal(err)
	}
	return c, func() error {
		defer c.Close()
		defer time.AfterFunc(drain, cut).Stop()
		srv.Leave()
		return <-served
	}
}

func gauge(g []pipeline.Gauge, name string) int {
	for _, one := range g {
		if one.Name == name {
			n, _ := strconv.Atoi(one.Value)
			return n
		}
	}
	return -1
}

func TestAppsAnswerBytesAndMessages(t *testing.T) {
	for name, want := range map[string]string{"echo": "Grüße, world", "upper": "GRüßE, WORLD", "discard": ""} {
		for _, messages := range []bool{false, true} {
			app := &App{Name: name}
			c, end := running(t, app, time.Minute)
			s, err := c.OpenAs(t.Context(), &mux.Opening{Messages: messages})
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			if text := []byte("Grüße, world"); messages {
				_ = s.WriteMessages(text, bytes.Repeat([]byte("a"), 'z')) // whose length looks like a letter
				_ = s.CloseWrite()
				if got, err = s.ReadMessage(nil); name == "discard" && err == io.EOF {
					err = nil
				}
				if second, _ := s.ReadMessage(nil); name != "discard" && len(second) != 'z' {
					t.Errorf("%s: %d bytes came back", name, len(second))
				}
			} else {
				_, _ = s.Write(text)
				_ = s.CloseWrite()
				got, err = io.ReadAll(s)
			}
			if err != nil || string(got) != want {
				t.Errorf("%s, of messages %v: %q, %v", name, messages, got, err)
			}
			_ = s.Close()
			if err := end(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			g := app.Gauges()
			if gauge(g, "streams") != 1 || gauge(g, "streams failed") != 0 || gauge(g, "streams open") != 0 || gauge(g, "bytes in") < len(want) {
				t.Errorf("%s has done %+v", name, g)
			}
		}
	}
}

// A stream that does not end keeps its connection open, until that is cut.
func TestAConnectionEndsBehindItsStreams(t *testing.T) {
	app := &App{Name: "echo"}
	c, end := running(t, app, 100*time.Millisecond)
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := end(); err != nil || time.Since(began) < 100*time.Millisecond {
		t.Errorf("it ended after %v with %v", time.Since(began), err)
	}
	for gauge(app.Gauges(), "streams open") > 0 { // its handler is about to see it
		time.Sleep(time.Millisecond)
	}
	if g := app.Gauges(); gauge(g, "streams failed") != 1 {
		t.Errorf("the app has done %+v", g)
	}
}

func TestWhoDoesNotSpeakTheProtocolIsClosedAndLogged(t *testing.T) {
	for text, label := range map[string]string{
		"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n": "malformed", "leat": "reset",
	} {
		var log bytes.Buffer
		near, transport := net.Pipe()
		srv := New(&muxnet.Server{Handler: func(*muxnet.Stream) {}}, &handoff.Warnings{Log: slog.New(slog.NewTextHandler(&log, nil))})
		served := make(chan error, 1)
		go func() { served <- srv.Serve(t.Context(), transport, handoff.Peer{}) }()
		go func() { _, _ = io.Copy(io.Discard, near) }()
		_, _ = io.WriteString(near, text)
		if label == "reset" {
			near.Close()
		}
		err := <-served
		near.Close()
		if got := stage.LabelOf(err); got != label || label == "malformed" != strings.Contains(log.String(), "broken the protocol") {
			t.Errorf("%q: counted as %q, %v; logged: %s", text, got, err, &log)
		}
	}
}
