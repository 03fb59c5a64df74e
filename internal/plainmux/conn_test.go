package plainmux_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/internal/plainmux"
)

func TestStreamsInFlightGoOnBehindGoAway(t *testing.T) {
	everywhere(t, func(t *testing.T, transport func(*testing.T) (net.Conn, net.Conn)) {
		a, b := transport(t)
		client, server := pair(t, a, b, plainmux.Config{})
		ours, theirs := open(t, client, server, plainmux.Opening{})
		server.GoAway(plainmux.None, "")
		server.Ping()
		_, err := client.Open(plainmux.Opening{})
		wantCode(t, err, plainmux.Refused)
		ours.Write([]byte("still"))
		ours.CloseWrite()
		if got, err := io.ReadAll(theirs); string(got) != "still" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		server.GoAway(300, "now")
		<-client.Done()
		wantCode(t, client.Err(), 300)
		_, err = io.ReadAll(ours)
		wantCode(t, err, 300)
	})
}

func TestStreamsOpenedBehindGoAwayAreDropped(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	raw.Write(plainmux.Open, 0, 1, nil)
	if _, err := server.Accept(); err != nil {
		t.Fatal(err)
	}
	server.GoAway(plainmux.None, "")
	raw.Next()
	raw.Write(plainmux.Open, 0, 3, nil)
	raw.Write(plainmux.Data, 0, 3, []byte("dropped"))
	raw.Write(plainmux.Reset, 0, 3, []byte{8, 0, 0, 0})
	raw.Write(plainmux.Ping, 0, 0, make([]byte, 8))
	if f, err := raw.Next(); err != nil || f.Type != plainmux.Pong {
		t.Error(f, err)
	}
	raw.Write(plainmux.Open, 0, 3, nil) // the number is taken all the same
	wantGoAway(t, raw, plainmux.Protocol)
}

func TestStreamsCountUntilTheyAreServed(t *testing.T) {
	a, b := net.Pipe()
	settings := plainmux.DefaultSettings()
	settings.MaxStreams = 1
	raw, server := attack(t, a, b, plainmux.Config{Settings: &settings})
	raw.Write(plainmux.Open, 0, 1, nil)
	raw.Write(plainmux.Reset, 0, 1, []byte{8, 0, 0, 0})
	raw.Write(plainmux.Open, 0, 3, nil)
	if f, err := raw.Next(); err != nil || f.Type != plainmux.Reset || f.Stream != 3 || f.Payload[0] != byte(plainmux.Refused) {
		t.Error(f, err)
	}
	s, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	raw.Write(plainmux.Open, 0, 5, nil)
	if s, err := server.Accept(); err != nil || s.Number() != 5 {
		t.Error(err)
	}
}

func TestResetsTooOftenEndTheConnection(t *testing.T) {
	a, b := overTCP(t)
	limits := plainmux.DefaultLimits()
	limits.ResetsPerSecond = 3
	raw, server := attack(t, a, b, plainmux.Config{Limits: &limits})
	for i := range uint32(20) {
		raw.Write(plainmux.Open, 0, 2*i+1, nil)
		raw.Write(plainmux.Reset, 0, 2*i+1, []byte{8, 0, 0, 0})
	}
	<-server.Done()
	wantCode(t, server.Err(), plainmux.Limit)
}

func TestAClientThatIsNotWantedIsTold(t *testing.T) {
	a, b := overTCP(t)
	refused := make(chan error, 1)
	go func() {
		_, err := plainmux.Server(b, plainmux.Config{Authenticate: func(m []plainmux.Pair) error {
			if len(m) == 1 && m[0] == (plainmux.Pair{Name: "token", Value: "wrong"}) {
				return errors.New("who are you?")
			}
			return nil
		}})
		refused <- err
	}()
	client, err := plainmux.Client(a, plainmux.Config{Metadata: []plainmux.Pair{{Name: "token", Value: "wrong"}}})
	if err != nil {
		t.Fatal(err)
	}
	<-client.Done()
	wantCode(t, client.Err(), plainmux.Unauthenticated)
	wantCode(t, <-refused, plainmux.Unauthenticated)
}

func TestChecksumsThatDoNotFitEndTheConnection(t *testing.T) {
	for _, frame := range []string{"\x0c\x00\x00\x86\x00\x00\x00\x00123456789012", "\x08\x00\x00\x06\x00\x00\x00\x0012345678"} {
		a, b := overTCP(t)
		raw, server := attack(t, a, b, plainmux.Config{Features: plainmux.Checksums})
		raw.WriteBytes([]byte(frame))
		if f, err := raw.Next(); err != nil || f.Type != plainmux.GoAway || f.Flags != plainmux.Checked || f.Payload[4] != byte(plainmux.Corrupt) {
			t.Error(f, err)
		}
		<-server.Done()
	}
}

func TestAPrefaceThatIsNoneClosesTheTransport(t *testing.T) {
	for _, preface := range []string{"GET / HTTP/1.1\r\n", "leatmux\n\x02\x02\x00\x00\x00\x00\x00\x00", "leatmux\n\x01\x01\x00\x01\x00\x00\x00\x00", "leatmux\n\x00\x01\x00\x00\x00\x00\x00\x00"} {
		a, b := overTCP(t)
		a.Write([]byte(preface))
		if _, err := plainmux.Server(b, plainmux.Config{}); err == nil {
			t.Errorf("%q was accepted", preface)
		}
		io.Copy(io.Discard, a)
		a.Close()
	}
}

func TestAHandshakeThatDoesNotComeTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		start := time.Now()
		go io.Copy(io.Discard, a)
		if _, err := plainmux.Server(b, plainmux.Config{}); err == nil || time.Since(start) != 5*time.Second {
			t.Error(err, time.Since(start))
		}
	})
}

func TestHalfAFrameTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		raw, server := attack(t, a, b, plainmux.Config{})
		raw.WriteBytes([]byte{5, 0, 0})
		raw.SetWait(time.Minute)
		start := time.Now()
		f, err := raw.Next()
		for err == nil && f.Type == plainmux.Ping {
			f, err = raw.Next()
		}
		if err != nil || f.Type != plainmux.GoAway || time.Since(start) != 30*time.Second {
			t.Error(f, err, time.Since(start))
		}
		<-server.Done()
		wantCode(t, server.Err(), plainmux.Timeout)
	})
}

func TestPingsKeepAConnectionAliveAndSilenceEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := pair(t, a, b, plainmux.Config{})
		time.Sleep(time.Hour)
		if err := errors.Join(client.Err(), server.Err()); err != nil {
			t.Error(err)
		}
		client.Close()
		server.Close()
	})
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		_, server := attack(t, a, b, plainmux.Config{})
		go io.Copy(io.Discard, a)
		start := time.Now()
		<-server.Done()
		wantCode(t, server.Err(), plainmux.Timeout)
		if d := time.Since(start); d != 45*time.Second {
			t.Error(d)
		}
	})
}

func TestADeadlineResetsItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		client, server := pair(t, a, b, plainmux.Config{})
		ours, theirs := open(t, client, server, plainmux.Opening{Deadline: 1500 * time.Millisecond})
		if d := theirs.Opening().Deadline; d != 1500*time.Millisecond {
			t.Error(d)
		}
		_, err := ours.Read(make([]byte, 1))
		wantCode(t, err, plainmux.Deadline)
		_, err = theirs.Read(make([]byte, 1))
		wantCode(t, err, plainmux.Deadline)
		client.Close()
		server.Close()
	})
}

func TestSettingsThatMayChangeDo(t *testing.T) {
	a, b := net.Pipe()
	client, server := pair(t, a, b, plainmux.Config{})
	if err := server.Update(0, 0); err != nil {
		t.Fatal(err)
	}
	server.Ping()
	_, err := client.Open(plainmux.Opening{})
	wantCode(t, err, plainmux.Refused)
}

func TestATransportThatEndsEndsTheStreams(t *testing.T) {
	a, b := net.Pipe()
	raw, server := attack(t, a, b, plainmux.Config{})
	raw.Write(plainmux.Open, 0, 1, nil)
	s, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw.Close()
	if _, err := s.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("the stream ended with %v", err)
	}
}
