package plainmux_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leat-io/leat/internal/plainmux"
)

func TestATextThatIsNotUTF8IsShownWithReplacements(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	raw.Write(plainmux.Open, 0, 1, nil)
	s, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw.Write(plainmux.Reset, 0, 1, []byte("\x2c\x01\x00\x00g\xffne"))
	_, err = s.Read(make([]byte, 1))
	var e *plainmux.Error
	if !errors.As(err, &e) || e.Code != 300 || e.Text != "g\ufffdne" {
		t.Error(err)
	}
	raw.Write(plainmux.GoAway, 0, 0, []byte("\x00\x00\x00\x00\x2c\x01\x00\x00\xc3"))
	<-server.Done()
	if !errors.As(server.Err(), &e) || e.Text != "\ufffd" {
		t.Error(server.Err())
	}
}

func TestALongTextIsCutBetweenCharacters(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	go server.GoAway(300, "x"+strings.Repeat("ü", 1000))
	f, err := raw.Next()
	if text := f.Payload[8:]; err != nil || len(text) != 1023 || !utf8.Valid(text) {
		t.Errorf("%d bytes of text, %v", len(text), err)
	}
}

// Who has sent STOP looks no more at messages: neither at their lengths nor at where they end.
func TestMessagesBehindStopAreNotHeldAgainstTheRules(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	raw.Write(plainmux.Open, 0, 1, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	s, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.Stop(300, "")
	raw.Next()
	raw.Write(plainmux.Data, plainmux.Packed, 1, []byte{0x80, 0})
	raw.Write(plainmux.Data, plainmux.Fin, 1, []byte{5})
	raw.Write(plainmux.Ping, 0, 0, make([]byte, 8))
	if f, err := raw.Next(); err != nil || f.Type != plainmux.Pong {
		t.Error(f, err)
	}
}
