package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

func TestServicesRunFromStartToEndAndAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("services"), mem.New(mem.Limits(unlimited))
		reply(decoded(p, s).Via("slow", stage.Do(func(*row) { time.Sleep(time.Second) })))
		var beats, ended atomic.Int64
		p.Beside(pipeline.Service{Name: "health of the disk", Run: func(ctx context.Context) {
			for tick := time.NewTicker(time.Minute); ; {
				select {
				case <-ctx.Done():
					ended.Store(beats.Load())
					return
				case <-tick.C:
					beats.Add(1)
				}
			}
		}})
		contains(t, p.String(), "services, beside the lanes\n  mem: timeouts\n  health of the disk\n")
		contains(t, p.Mermaid(), `s1(["service: health of the disk"])`)
		contains(t, p.DOT(), `s1 [label="health of the disk", style=dashed]`)
		equal(t, "services of the graph", fmt.Sprint(p.Graph().Services), "[mem: timeouts health of the disk]")
		stop := start(t, p)
		time.Sleep(10*time.Minute + time.Second)
		equal(t, "beats", beats.Load(), 10)
		noError(t, stop())
		equal(t, "beats at the end", ended.Load(), 10)
	})
}

// A service is there until the last connection is closed: the drain may need it.
func TestServicesOutliveTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("services"), mem.New(mem.Limits(unlimited))
		reply(decoded(p, s).Via("slow", stage.Do(func(*row) { time.Sleep(10 * time.Second) })))
		var over time.Time
		p.Beside(pipeline.Service{Name: "clock", Run: func(ctx context.Context) {
			<-ctx.Done()
			over = time.Now()
		}})
		stop := start(t, p)
		c := dial(t, s)
		c.say("a line")
		synctest.Wait()
		began := time.Now()
		noError(t, stop())
		equal(t, "answer", c.hear(t), "a line")
		equal(t, "the service ran for", over.Sub(began), 10*time.Second)
	})
}

// One that does not end is named, and Run returns all the same.
func TestAServiceThatDoesNotEndIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("services", pipeline.DrainTime(time.Minute)), mem.New(mem.Limits(unlimited))
		reply(decoded(p, s))
		gate := make(chan struct{})
		p.Beside(pipeline.Service{Name: "deaf", Run: func(context.Context) { <-gate }})
		stop := start(t, p)
		synctest.Wait()
		err := stop()
		d, ok := errors.AsType[*pipeline.DrainError](err)
		if !ok || len(d.Lost) != 1 || d.Lost[0].Node != "deaf" {
			t.Fatalf("Run returned %v", err)
		}
		contains(t, err.Error(), "deaf: the service does not end")
		close(gate)
	})
}
