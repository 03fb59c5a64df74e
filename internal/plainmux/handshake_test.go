package plainmux_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/internal/plainmux"
)

const (
	preface = "leatmux\n\x01\x01\x00\x00\x00\x00\x00\x00"
	checked = "leatmux\n\x01\x01\x00\x00\x01\x00\x00\x00" // with feature 1
)

// greeted is what a server says behind its SETTINGS to somebody who sends that, and what it makes of him.
func greeted(t *testing.T, sent string, config plainmux.Config) (said []byte, err error) {
	t.Helper()
	a, b := net.Pipe()
	go a.Write([]byte(sent))
	all := make(chan []byte)
	go func() {
		got, _ := io.ReadAll(a)
		all <- got
	}()
	_, err = plainmux.Server(b, config)
	said = <-all
	a.Close()
	const hello = 16 + 8 + 2 + 6*6
	if len(said) < hello {
		t.Fatalf("%q is less than preface and SETTINGS", said)
	}
	return said[hello:], err
}

func TestAHandshakeOutOfTimeIsToldToWhoSpeaksTheProtocol(t *testing.T) {
	for sent, told := range map[string]bool{"": false, preface[:15]: false, preface: true, preface + "\x02\x00\x00": true} {
		synctest.Test(t, func(t *testing.T) {
			said, err := greeted(t, sent, plainmux.Config{})
			wantCode(t, err, plainmux.Timeout)
			if !told && len(said) > 0 {
				t.Errorf("%q was answered with %q", sent, said)
			}
			if told && (len(said) < 16 || said[3] != byte(plainmux.GoAway) || said[12] != byte(plainmux.Timeout)) {
				t.Errorf("%q was answered with %q", sent, said)
			}
		})
	}
}

func TestAGoAwayOfTheHandshakeHasItsChecksum(t *testing.T) {
	said, err := greeted(t, checked+"\x00\x00\x00\x06\x00\x00\x00\x00", plainmux.Config{Features: plainmux.Checksums})
	wantCode(t, err, plainmux.Protocol)
	if f, err := plainmux.Decode(said, true); err != nil || f.Type != plainmux.GoAway {
		t.Errorf("%q: %v, %v", said, f, err)
	}
}

// The first SETTINGS has its own limit, whatever the settings of the other side.
func TestTheFirstSettingsIsOf16KiBAtMost(t *testing.T) {
	settings := plainmux.DefaultSettings()
	settings.MaxMetadata, settings.MaxFrame = 0, 1<<20
	said, err := greeted(t, preface+"\x01\x40\x00\x09\x00\x00\x00\x00", plainmux.Config{Settings: &settings})
	wantCode(t, err, plainmux.TooLarge)
	if len(said) < 16 || said[12] != byte(plainmux.TooLarge) {
		t.Errorf("answered with %q", said)
	}

	const most = 16<<10 - 38 - 1 - 1 - 2 // without the settings, a name and the lengths
	for n, fits := range map[int]bool{most: true, most + 1: false} {
		config := plainmux.Config{Settings: &settings, Metadata: []plainmux.Pair{{Name: "n", Value: strings.Repeat("v", n)}}}
		if !fits {
			a, b := net.Pipe()
			if _, err := plainmux.Client(a, config); err == nil {
				t.Error("a SETTINGS was sent that nobody takes")
			}
			b.Close()
			continue
		}
		a, b := net.Pipe()
		_, server := pair(t, a, b, config)
		if m := server.Metadata(); len(m) != 1 || len(m[0].Value) != n {
			t.Errorf("%d pairs", len(m))
		}
	}
}

// Who wrote half of its own greeting cannot say GOAWAY any more.
func TestNothingIsSaidBehindHalfAGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		got := make(chan []byte)
		go func() {
			a.Write([]byte(preface))
			a.Read(make([]byte, 20))
			time.Sleep(time.Minute)
			rest, _ := io.ReadAll(a)
			got <- rest
		}()
		_, err := plainmux.Server(b, plainmux.Config{})
		if rest := <-got; len(rest) > 0 || !errors.As(err, new(*plainmux.Error)) {
			t.Errorf("%q, %v", rest, err)
		}
	})
}
