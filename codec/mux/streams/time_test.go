package streams_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/mem"
)

// bubble runs f with a client of an assembly that serves settings, in time that only passes when everybody waits.
func bubble(t *testing.T, settings mux.Settings, f func(t *testing.T, c *mem.Client)) {
	synctest.Test(t, func(t *testing.T) {
		mx, err := streams.New(streams.Config{Settings: &settings})
		if err != nil {
			t.Fatal(err)
		}
		source := mem.New()
		p := pipeline.New("mux", pipeline.Log(slog.New(slog.DiscardHandler)))
		p.From(source).Via("decode", codec.Decode(mx.Frames())).Via("session", mx.Session()).To("send", streams.Send())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		synctest.Wait()
		c, err := source.Dial()
		if err != nil {
			t.Fatal(err)
		}
		f(t, c)
		c.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// greeting is what a client begins with.
func greeting(s mux.Settings) []byte {
	return mux.AppendSettings(mux.Preface{Low: 1, High: 1}.Append(nil), &s, &mux.DefaultSettings, nil)
}

// frames reads frames to the end of the connection, and gives each to f.
func frames(r io.Reader, f func(mux.Frame)) error {
	b := make([]byte, mux.PrefaceSize)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	for {
		b := make([]byte, mux.HeaderSize)
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		h := mux.ReadHeader(b)
		b = make([]byte, h.Len())
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		f(mux.Frame{Header: h, Payload: b})
	}
}

func TestASilentClientIsTakenForDead(t *testing.T) {
	settings := mux.DefaultSettings
	settings.Keepalive = 6 * time.Second
	bubble(t, settings, func(t *testing.T, c *mem.Client) {
		began := time.Now()
		if _, err := c.Write(greeting(mux.DefaultSettings)); err != nil {
			t.Fatal(err)
		}
		var pings, last int
		err := frames(c, func(f mux.Frame) {
			switch f.Header.Type() {
			case mux.Ping:
				pings++
			case mux.GoAway:
				_, code, _ := mux.ParseGoAway(f.Payload)
				last = int(code)
			}
		})
		if took := time.Since(began); !errors.Is(err, io.EOF) || took < 6*time.Second || took > 7*time.Second {
			t.Errorf("it ended after %v: %v", took, err)
		}
		if pings < 2 || last != int(mux.Timeout) {
			t.Errorf("%d PING came before, and the code %d", pings, last)
		}
	})
}

// A client that asks for signs of life in short order gets them, whatever this side wants.
func TestSignsOfLifeComeInTime(t *testing.T) {
	own := mux.DefaultSettings
	own.Keepalive = 0
	theirs := mux.DefaultSettings
	theirs.Keepalive = time.Second
	bubble(t, own, func(t *testing.T, c *mem.Client) {
		if _, err := c.Write(greeting(theirs)); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(20 * time.Second)
			c.Close()
		}()
		heard, most := time.Now(), time.Duration(0)
		_ = frames(c, func(mux.Frame) {
			most = max(most, time.Since(heard))
			heard = time.Now()
		})
		if most == 0 || most >= time.Second {
			t.Errorf("the longest silence was %v", most)
		}
	})
}

func TestAClientThatSaysNothingIsNotWaitedFor(t *testing.T) {
	bubble(t, mux.DefaultSettings, func(t *testing.T, c *mem.Client) {
		began := time.Now()
		if _, err := c.Write(greeting(mux.DefaultSettings)[:10]); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAClientWhoseSettingsDoNotComeIsToldSo(t *testing.T) {
	bubble(t, mux.DefaultSettings, func(t *testing.T, c *mem.Client) {
		began := time.Now()
		if _, err := c.Write(greeting(mux.DefaultSettings)[:mux.PrefaceSize]); err != nil {
			t.Fatal(err)
		}
		last := -1
		err := frames(c, func(f mux.Frame) {
			if f.Header.Type() == mux.GoAway {
				_, code, _ := mux.ParseGoAway(f.Payload)
				last = int(code)
			}
		})
		if took := time.Since(began); !errors.Is(err, io.EOF) || last != int(mux.Timeout) || took < 5*time.Second || took > 6*time.Second {
			t.Errorf("it ended after %v with code %d: %v", took, last, err)
		}
	})
}
