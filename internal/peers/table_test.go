package peers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/stage"
)

// A port takes no output and remembers why it was shut.
type port struct{ shut chan error }

func (port) Write([]byte) (int, error) { return 0, nil }
func (port) Want(bool, bool)           {}
func (p port) Shut(reason error)       { p.shut <- reason }
func (port) Peer() string              { return "test" }

func connection(t *peers.Table) (*stage.Conn, port) {
	c, p := &stage.Conn{}, port{make(chan error, 1)}
	c.Init(p, &t.Terms)
	return c, p
}

var marks = stage.Limits{InFlight: 10, OutLow: 10, OutHigh: 10, OutHard: 1000}

func table(l stage.Limits, most int) *peers.Table {
	t := &peers.Table{}
	t.Init(l, most)
	return t
}

func figures(t *peers.Table) string {
	var all []string
	t.Figures(func(name, value string) { all = append(all, name+"="+value) })
	return strings.Join(all, ", ")
}

func TestATableTakesNoMoreConnectionsThanItMay(t *testing.T) {
	tab := table(marks, 2)
	a, _ := connection(tab)
	b, _ := connection(tab)
	c, _ := connection(tab)
	if !tab.Add(a) || !tab.Add(b) || tab.Add(c) {
		t.Fatal("a table for two takes two")
	}
	tab.Remove(a)
	if !tab.Add(c) || tab.Len() != 2 || len(tab.Open()) != 2 {
		t.Fatal("a place that was left is free")
	}
	want := "open=2, peak=2, accepted=3, refused=1, answers ignored=0, refused: too many connections=1, closed: done=1"
	if got := figures(tab); got != want {
		t.Errorf("the figures are %s, not %s", got, want)
	}
}

func TestReasonsAreCountedOncePerConnection(t *testing.T) {
	tab := table(marks, 100)
	for i, reason := range []error{stage.ErrIdle, stage.ErrIdle, stage.ErrReset, fmt.Errorf("%w: a bad byte", stage.ErrMalformed), errors.New("of its own"), nil} {
		c, _ := connection(tab)
		tab.Add(c)
		if i%2 == 0 {
			c.Fail(reason)
		} else {
			c.Finish(reason)
		}
		tab.Remove(c)
		tab.Remove(c)
	}
	want := "closed: done=1, closed: failed=1, closed: idle=2, closed: malformed=1, closed: reset=1"
	if got := figures(tab); !strings.HasSuffix(got, want) {
		t.Errorf("the figures are %s, not %s", got, want)
	}
}

func TestTheSweepKeepsEachTimeLimitToATenth(t *testing.T) {
	for _, c := range []struct {
		limits stage.Limits
		limit  time.Duration
		reason error
	}{
		{stage.Limits{FirstMessage: time.Second, Idle: time.Minute}, time.Second, stage.ErrFirstMessage},
		{stage.Limits{FirstMessage: time.Hour, Idle: time.Minute}, time.Minute, stage.ErrIdle},
		{stage.Limits{Idle: 5 * time.Millisecond}, 5 * time.Millisecond, stage.ErrIdle},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := marks
			l.FirstMessage, l.Idle = c.limits.FirstMessage, c.limits.Idle
			tab := table(l, 10)
			ctx, cancel := context.WithCancel(t.Context())
			swept := make(chan struct{})
			go func() {
				tab.Sweep(ctx)
				close(swept)
			}()
			time.Sleep(3 * c.limit) // the clock of the table is not that of the connection
			conn, p := connection(tab)
			tab.Add(conn)
			began := time.Now()
			reason := <-p.shut
			step := min(c.limit/10, time.Second)
			if took := time.Since(began); !errors.Is(reason, c.reason) || took < c.limit-step || took > c.limit+2*max(step, time.Millisecond) {
				t.Errorf("a limit of %v ended a connection after %v: %v", c.limit, took, reason)
			}
			cancel()
			<-swept
		})
	}
}

func TestOwedIsTheSumOverOpenConnections(t *testing.T) {
	tab := table(marks, 10)
	for range 3 {
		c, _ := connection(tab)
		tab.Add(c)
		c.Publish(4)
		c.Settle(0, []byte("seven b"))
	}
	if requests, bytes := tab.Owed(); requests != 9 || bytes != 21 {
		t.Errorf("%d requests and %d bytes are owed, not 9 and 21", requests, bytes)
	}
}
