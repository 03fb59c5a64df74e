package stage_test

import (
	"flag"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "400") // instead of 100, unless the command line says otherwise
	stagetest.Main(m)
}

// msg is a message of ordinary size: 72 bytes on 64-bit machines.
type msg struct {
	stage.Head
	ID   int
	N    uint64
	Text []byte
}

// text gives m bytes in a slab of l.
func (m *msg) text(l *stage.Lane, s string) *msg {
	slab, b := l.Bytes(len(s))
	copy(b, s)
	m.SetSlab(slab)
	m.Text = b
	return m
}

// reply answers m with text, as a sink does.
func reply(l *stage.Lane, m *msg, text string) {
	o := l.Outbox()
	o.Answer(stage.HeadOf(m), append(o.Buffer(), text...))
}

// request makes the next request of c on l.
func request(l *stage.Lane, a *stage.Arena[msg], c *stagetest.Conn) *msg {
	m := a.New()
	stagetest.Issue(l, &c.Conn, m)
	return m
}

// roomy limits are never reached.
var roomy = stage.Limits{InFlight: 1 << 16, OutLow: 1 << 20, OutHigh: 1 << 20, OutHard: 1 << 30}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func check(t failer, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// panics returns what f panics with, or nil.
func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
