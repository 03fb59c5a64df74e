package stage_test

import (
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
)

func timed() stage.Limits {
	l := marked()
	l.FirstMessage, l.Read, l.Write, l.Idle = 10*time.Second, 20*time.Second, 30*time.Second, 60*time.Second
	return l
}

// A clock moves the time of one connection.
type clock struct {
	lane1
	t *testing.T
}

func (c clock) after(d time.Duration, want error) {
	c.t.Helper()
	c.c.Terms().Now.Add(int64(d))
	if got := c.c.Overdue(); got != want {
		c.t.Fatalf("overdue because %v, want %v", got, want)
	}
}

// begun says that a later message has begun, after a first complete one.
func (c clock) begun() {
	c.echo("first")
	c.c.Waiting(true, true)
}

func TestTheFirstMessageMustBeCompleteInTime(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.after(10*time.Second, nil)
	c.after(1, stage.ErrFirstMessage)
	c = clock{oneLane(timed()), t}
	c.after(5*time.Second, nil)
	c.c.Received()
	c.c.Publish(c.c.Issued()) // the decoder asks for a grant, and finds nothing
	c.c.Waiting(true, false)
	c.after(6*time.Second, stage.ErrFirstMessage)
	c.echo("complete")
	c.c.Waiting(false, true)
	c.after(20*time.Second, nil)
}

func TestALaterMessageMustBeCompleteInTime(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.begun()
	c.after(20*time.Second, nil)
	c.c.Waiting(true, false) // more of it
	c.after(1, stage.ErrReadTimeout)
	c.c.Waiting(true, true) // its end, and the next one's beginning
	c.after(20*time.Second, nil)
	c.c.Waiting(false, true)
	c.after(19*time.Second, nil)
}

func TestTheTimeForAMessageDoesNotPassWhileItMayNotBeRead(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.begun()
	c.after(19*time.Second, nil)
	c.c.Take(0)
	c.echo(string(make([]byte, 201)))
	check(t, "reads", c.reads(), false)
	c.after(25*time.Second, nil)
	c.c.Take(-1)
	check(t, "reads", c.reads(), true)
	c.after(20*time.Second, nil) // as much as for a new one
	c.after(1, stage.ErrReadTimeout)
}

func TestTheTimeForAMessageEndsWithTheReading(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.request()
	c.c.Waiting(true, true)
	c.c.Finish(nil)
	c.after(25*time.Second, nil)
}

func TestAPeerMustTakeSomethingInTime(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.c.Take(0)
	c.echo("output")
	c.c.Waiting(false, true)
	c.after(29*time.Second, nil)
	c.echo("more of it")
	c.after(2*time.Second, stage.ErrWriteTimeout)
	c.c.Take(1)
	c.after(30*time.Second, nil)
	c.c.Writable() // of which it takes nothing
	c.after(1, stage.ErrWriteTimeout)
	c.c.Take(-1)
	c.after(31*time.Second, nil)
}

func TestAnIdleConnectionIsOverdueUnlessItIsOwedSomething(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.echo("first")
	c.c.Waiting(false, true)
	c.after(60*time.Second, nil)
	c.after(1, stage.ErrIdle)
	c.c.Received()
	c.after(60*time.Second, nil)
	c.echo("answers are signs of life")
	c.after(60*time.Second, nil)
	k := c.request()
	c.after(time.Hour, nil)
	c.answer(k, "late")
	c.after(60*time.Second, nil)
	c.after(1, stage.ErrIdle)
}

func TestADeadConnectionIsNeverOverdue(t *testing.T) {
	c := clock{oneLane(timed()), t}
	c.c.Fail(stage.ErrReset)
	c.after(time.Hour, nil)
}

func TestATimeOfZeroIsNoLimit(t *testing.T) {
	c := clock{oneLane(roomy), t}
	c.after(1000*time.Hour, nil)
	c.begun()
	c.c.Take(0)
	c.echo("output")
	c.after(1000*time.Hour, nil)
}

func TestLimitsSayWhatIsWrongWithThem(t *testing.T) {
	if err := stage.DefaultLimits.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	for name, change := range map[string]func(*stage.Limits){
		"none in flight":     func(l *stage.Limits) { l.InFlight = 0 },
		"too many in flight": func(l *stage.Limits) { l.InFlight = 1<<20 + 1 },
		"low above high":     func(l *stage.Limits) { l.OutLow = l.OutHigh + 1 },
		"high above hard":    func(l *stage.Limits) { l.OutHigh = l.OutHard + 1 },
		"negative low":       func(l *stage.Limits) { l.OutLow = -1 },
		"no output at all":   func(l *stage.Limits) { l.OutLow, l.OutHigh, l.OutHard = 0, 0, 0 },
		"negative time":      func(l *stage.Limits) { l.Idle = -1 },
	} {
		l := stage.DefaultLimits
		change(&l)
		if l.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
