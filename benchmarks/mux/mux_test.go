//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// TestMain lets the program of the tests be the process of a run.
func TestMain(m *testing.M) {
	if again(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// settled calls f for all candidates with each of their settings.
func settled(t *testing.T, f func(t *testing.T, s session, counted *tally)) {
	for _, c := range candidates {
		windows := map[string]int{c.name: 0}
		if c.near > 0 {
			windows[c.name+", near"], windows[c.name+", far"] = c.near, c.far
		}
		for name, window := range windows {
			t.Run(name, func(t *testing.T) {
				n, err := newNetwork(distance{})
				if err != nil {
					t.Fatal(err)
				}
				defer n.close()
				var counted tally
				s, err := c.start(n, window, &counted)
				if err != nil {
					t.Fatal(err)
				}
				defer s.close()
				f(t, s, &counted)
			})
		}
	}
}

func TestEveryCandidateEchoes(t *testing.T) {
	settled(t, func(t *testing.T, s session, _ *tally) {
		l := newLetter()
		st, err := s.open()
		if err != nil {
			t.Fatal(err)
		}
		for k := range uint64(100) {
			if err := exchange(st, l, k); err != nil {
				t.Fatal(k, err)
			}
		}
		for k := range uint64(10) {
			l.number(k)
			if err := s.unary(l); err != nil {
				t.Fatal(k, err)
			}
		}
		if err := errors.Join(exchange(st, l, 100), st.close()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEveryCandidateStreams(t *testing.T) {
	const enough = 1 << 20
	settled(t, func(t *testing.T, s session, counted *tally) {
		if err := s.bulk(func() bool { return counted.bytes.Load() < enough }); err != nil {
			t.Fatal(err)
		}
		if n := counted.bytes.Load(); n < enough || counted.wrong.Load() {
			t.Fatalf("%d bytes came, others: %v", n, counted.wrong.Load())
		}
	})
}

func TestABlockThatIsNotWhatWasSentIsFoundOut(t *testing.T) {
	for _, one := range []struct {
		pieces [][]byte
		wrong  bool
	}{
		{[][]byte{block[:100], nil, block[100:], block}, false},
		{[][]byte{block[:100], block[101:]}, true},
		{[][]byte{block[1:]}, true},
	} {
		var counted tally
		d := drain{tally: &counted}
		n := 0
		for _, p := range one.pieces {
			d.take(p)
			n += len(p)
		}
		if counted.wrong.Load() != one.wrong || counted.bytes.Load() != int64(n) {
			t.Errorf("%d pieces: wrong is %v, %d bytes", len(one.pieces), counted.wrong.Load(), counted.bytes.Load())
		}
	}
}

// A liar answers every message with the first one.
type liar struct{ first []byte }

func (l *liar) send(m []byte) error {
	if l.first == nil {
		l.first = bytes.Clone(m)
	}
	return nil
}
func (l *liar) receive(m []byte) error { copy(m, l.first); return nil }
func (l *liar) close() error           { return nil }

func TestAnAnswerToAnotherRequestIsFoundOut(t *testing.T) {
	st, l := new(liar), newLetter()
	if err := exchange(st, l, 1); err != nil {
		t.Fatal(err)
	}
	if err := exchange(st, l, 2); !errors.Is(err, errOther) {
		t.Fatal(err)
	}
}

func TestARelayPassesBytesOnLater(t *testing.T) {
	const late = 20 * time.Millisecond
	n, err := newNetwork(distance{Delay: late})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	client, server, err := n.pair()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, server) }()
	want := random(3*lineSize + 1) // the ring comes round
	go client.Write(want)
	began := time.Now()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(client, got[:1]); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 2*late-2*grain {
		t.Errorf("there and back took %v", took)
	}
	if _, err := io.ReadFull(client, got[1:]); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("other bytes came")
	}
	client.Close()
	if _, err := server.Read(got); err == nil {
		t.Error("the end has not come through")
	}
}

func TestALineHoldsNoMoreThanItsRing(t *testing.T) {
	l := newLine(0)
	near, far := net.Pipe()
	defer near.Close()
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		l.fill(far)
	}()
	if n, err := near.Write(make([]byte, lineSize)); err != nil {
		t.Fatal(n, err)
	}
	near.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := near.Write([]byte{1}); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a full line took %d bytes more, %v", n, err)
	}
	l.end()
	<-filled
}

func TestBadFlagsAreErrors(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-rows", "("}, {"-candidates", "x"}, {"-streams", "1000000"}, {"argument"}} {
		if _, err := parse(args); err == nil {
			t.Error("no error of", args)
		}
	}
}

func TestARunOfNobodyIsAnError(t *testing.T) {
	if _, err := (job{Candidate: "nobody"}).run(); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Error(err)
	}
}

// overLink is a network whose packets take their time.
func overLink(t *testing.T, delay time.Duration) *network {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip command")
	}
	n, err := newNetwork(distance{Delay: delay, Packets: true})
	if err != nil {
		t.Skip("this system does not let the test join network namespaces: ", err)
	}
	t.Cleanup(func() {
		if lost, err := n.close(); lost > 0 || err != nil {
			t.Errorf("%d packets were lost, %v", lost, err)
		}
	})
	return n
}

func TestALinkPassesPacketsOnLater(t *testing.T) {
	const late = 20 * time.Millisecond
	n := overLink(t, late)
	if took, err := n.link.roundTrip(); took < 2*late || err != nil {
		t.Errorf("the round trip took %v, %v", took, err)
	}
	client, server, err := n.pair()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, server) }()
	want := random(4 << 20)
	go client.Write(want)
	got := make([]byte, len(want))
	began := time.Now()
	if _, err := io.ReadFull(client, got); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 2*late {
		t.Errorf("there and back took %v", took)
	}
	if !bytes.Equal(got, want) {
		t.Error("other bytes came")
	}
	client.Close()
}

func TestAllTablesAreFilled(t *testing.T) { filled(t, "^(exchange|open|bulk|far/relay|beside|idle)") }

func TestTheTableOfPacketsIsFilled(t *testing.T) {
	overLink(t, 0) // or it is skipped
	text := filled(t, "far/packets")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| far/packets ") && !strings.Contains(line, " | 0 | 0 – 0 | ") {
			t.Errorf("packets were lost: %s", line)
		}
	}
}

// filled measures rows once for a moment, and again from the record.
func filled(t *testing.T, pattern string) string {
	o := options{Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile(pattern)}, length: 20 * time.Millisecond, rate: 500, streams: 50, only: candidates}
	text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
		o.output = to
		return run(t.Context(), o, shown)
	})
	for _, r := range rows(t.Context(), o) {
		for _, e := range r.Entries {
			if !strings.Contains(text, "| "+r.Name+" | "+e.Name+" |") {
				t.Errorf("%s has no %s", r.Name, e.Name)
			}
		}
	}
	return text
}
