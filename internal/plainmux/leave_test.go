package plainmux_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/internal/plainmux"
)

func TestAConnectionThatIsLeftEndsWithItsLastStream(t *testing.T) {
	everywhere(t, func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn)) {
		a, b := transport(t)
		client, server := pair(t, a, b, plainmux.Config{})
		ours, theirs := open(t, client, server, plainmux.Opening{Fin: true})
		if err := server.GoAway(plainmux.None, ""); err != nil {
			t.Fatal(err)
		}
		back, there := open(t, server, client, plainmux.Opening{}) // the one that leaves may still open
		back.Write([]byte("hello"))
		theirs.CloseWrite()
		if _, err := io.ReadAll(ours); err != nil {
			t.Error(err)
		}
		if err := errors.Join(client.Err(), server.Err()); err != nil {
			t.Errorf("the connection ended while a stream was open: %v", err)
		}
		back.CloseWrite()
		there.CloseWrite()
		<-server.Done()
		<-client.Done()
		if !errors.Is(server.Err(), plainmux.ErrClosed) {
			t.Error(server.Err())
		}
		if got, err := io.ReadAll(there); string(got) != "hello" || err != nil {
			t.Errorf("%q was read behind the end, %v", got, err)
		}
	})
}

func TestNobodyOpensStreamsBehindTheGoAwayOfBoth(t *testing.T) {
	a, b := net.Pipe()
	client, server := pair(t, a, b, plainmux.Config{})
	open(t, client, server, plainmux.Opening{})
	client.GoAway(plainmux.None, "")
	server.GoAway(plainmux.None, "")
	client.Ping()
	server.Ping()
	for _, c := range []*plainmux.Conn{client, server} {
		_, err := c.Open(plainmux.Opening{})
		wantCode(t, err, plainmux.Refused)
	}
}

func TestGoAwayMayRepeatOrLowerItsNumber(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	s, err := server.Open(plainmux.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	raw.Next()
	for _, number := range []byte{200, 200, 2} { // the first were never opened
		raw.Write(plainmux.GoAway, 0, 0, []byte{number, 0, 0, 0, 0, 0, 0, 0})
	}
	raw.Write(plainmux.Data, 0, 2, []byte("x"))
	if _, err := s.Read(make([]byte, 1)); err != nil {
		t.Errorf("stream 2 is served: %v", err)
	}
	raw.Write(plainmux.GoAway, 0, 0, make([]byte, 8))
	_, err = s.Read(make([]byte, 1))
	wantCode(t, err, plainmux.Refused)
	go raw.Write(plainmux.GoAway, 0, 0, []byte{2, 0, 0, 0, 0, 0, 0, 0})
	wantGoAway(t, raw, plainmux.Protocol)
}

func TestWhatADeadStreamReceivesIsCountedOnTheConnection(t *testing.T) {
	for name, prepare := range map[string]func(*plainmux.RawConn, *plainmux.Conn){
		"behind its end":   func(raw *plainmux.RawConn, _ *plainmux.Conn) { raw.Write(plainmux.Data, plainmux.Fin, 1, nil) },
		"behind its reset": func(raw *plainmux.RawConn, _ *plainmux.Conn) { raw.Write(plainmux.Reset, 0, 1, []byte{8, 0, 0, 0}) },
		"behind a GOAWAY": func(raw *plainmux.RawConn, s *plainmux.Conn) {
			s.GoAway(plainmux.None, "")
			raw.Write(plainmux.Open, 0, 3, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				settings := plainmux.DefaultSettings()
				settings.ConnectionWindow = 64 << 10
				raw, server := attack(t, a, b, plainmux.Config{Settings: &settings})
				raw.Write(plainmux.Open, 0, 1, nil)
				if _, err := server.Accept(); err != nil {
					t.Fatal(err)
				}
				number := uint32(1)
				if name == "behind a GOAWAY" {
					number = 3
				}
				go func() {
					for {
						if _, err := raw.Next(); err != nil {
							return
						}
					}
				}()
				prepare(raw, server)
				raw.Write(plainmux.Data, 0, number, make([]byte, 40<<10))
				synctest.Wait() // credit has come back for that, and goes to 104 KiB
				raw.Write(plainmux.Data, 0, number, make([]byte, 64<<10))
				synctest.Wait()
				if err := server.Err(); err != nil {
					t.Fatal(err)
				}
				raw.Write(plainmux.Data, 0, number, make([]byte, 64<<10+1))
				<-server.Done()
				wantCode(t, server.Err(), plainmux.Credit)
				raw.Close()
			})
		})
	}
}

func TestAnEndWithinAFrameIsAnErrorAndKeepsWhatHasArrived(t *testing.T) {
	for _, part := range []string{"\x05\x00\x00", "\x05\x00\x00\x00\x01\x00\x00\x00", "\x05\x00\x00\x00\x01\x00\x00\x00he"} {
		a, b := overTCP(t)
		raw, server := attack(t, a, b, plainmux.Config{})
		raw.Write(plainmux.Open, 0, 1, nil)
		raw.Write(plainmux.Data, plainmux.Fin, 1, []byte("whole"))
		raw.WriteBytes([]byte(part))
		raw.Close()
		s, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		<-server.Done()
		if err := server.Err(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", part, err)
		}
		if got, err := io.ReadAll(s); string(got) != "whole" || err != nil {
			t.Errorf("%q: %q was read, %v", part, got, err)
		}
	}
}
