package sourcetest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// A recorder stands in for the test that runs a check, so that the check may fail.
type recorder struct {
	testing.TB // of the test that watches; what a check calls is overridden
	mu         sync.Mutex
	errors     []string
	cleanups   []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Error(args ...any) { r.add(fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.add(fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.add(fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.add(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.errors) > 0
}

func (r *recorder) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, s)
}

// watchFail runs a check over a source and returns what it complains about.
func watchFail(t *testing.T, check func(*suite), mk Maker) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanups) - 1; i >= 0; i-- {
				r.cleanups[i]()
			}
		}()
		check(&suite{TB: r, make: mk, virtual: true})
	}()
	<-done
	return strings.Join(r.errors, "; ")
}

// A breakage is a way in which a source can be wrong.
type breakage struct {
	pipeline.Source[stage.Segment]
	hurried bool // its Stop gives up at once
}

func (b breakage) Stop(ctx context.Context) {
	if b.hurried {
		over, cancel := context.WithCancel(ctx)
		cancel()
		ctx = over
	}
	b.Source.Stop(ctx)
}

// Close hides what was lost.
func (b breakage) Close(ctx context.Context) pipeline.Lost {
	b.Source.Close(ctx)
	return pipeline.Lost{}
}

func (b breakage) Gauges() []pipeline.Gauge { return b.Source.(pipeline.Gauged).Gauges() }

// A lossy connection loses its hundredth write.
type lossy struct {
	Conn
	writes int
}

func (l *lossy) Write(b []byte) (int, error) {
	if l.writes++; l.writes == 100 {
		return len(b), nil
	}
	return l.Conn.Write(b)
}

func breaking(b breakage, lose bool) Maker {
	return func(_ testing.TB, o Options) Engine {
		s := mem.New(mem.Limits(o.Limits), mem.MaxConns(o.MaxConns))
		b.Source = s
		return Engine{Source: b, Dial: func() (Conn, error) {
			c, err := s.Dial()
			if lose {
				return &lossy{Conn: c}, err
			}
			return c, err
		}}
	}
}

func TestChecksFailOverBrokenSources(t *testing.T) {
	for name, c := range map[string]struct {
		check func(*suite)
		mk    Maker
		want  string
	}{
		"bytes are lost":               {everyByte, breaking(breakage{}, true), "answer 99 is"},
		"what had arrived is not read": {arrivedBehindTheBound, breaking(breakage{hurried: true}, false), "answers to 90 lines that had arrived"},
		"time limits are not kept":     {idle, breaking(breakage{}, false), "waited in vain"}, // its service is hidden
		"a loss is not reported":       {hangs, breaking(breakage{}, false), "the source reports 0 requests"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := watchFail(t, c.check, c.mk); got == "" || !strings.Contains(got, c.want) {
					t.Errorf("the check says %.300q, not %q", got, c.want)
				}
			})
		})
	}
}
