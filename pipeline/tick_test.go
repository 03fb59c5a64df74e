package pipeline_test

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A pulse emits a line of its own each period, to whatever connection it saw last.
type pulse struct {
	lane   *stage.Lane
	rows   *stage.Arena[row]
	period time.Duration
	conn   *stage.Conn
	ticks  *atomic.Int64
}

func pulsing(period time.Duration, ticks *atomic.Int64) maker {
	return func(l *stage.Lane) stage.Stage[row, row] {
		return &pulse{lane: l, rows: stage.NewArena[row](l), period: period, ticks: ticks}
	}
}

func (s *pulse) Process(_, src []*row) ([]*row, error) {
	s.conn = src[len(src)-1].Conn()
	return src, nil
}

func (s *pulse) Tick(dst []*row, now time.Time) ([]*row, time.Time) {
	s.ticks.Add(1)
	if s.conn != nil {
		m := s.rows.New()
		m.SetConn(s.conn)
		m.Text = []byte("pulse")
		dst = append(dst, m)
	}
	return dst, now.Add(s.period)
}

// The clock of a lane goes on while nothing arrives, on the loops of a source and behind a joint alike, at exact times.
func TestTickersRunOnIdleLanes(t *testing.T) {
	bothWays(t, func(t *testing.T, joint func(flow) flow) {
		if joint == nil {
			joint = func(f flow) flow { return f }
		}
		p, s, ticks := pipeline.New("tick"), mem.New(mem.Limits(unlimited)), new(atomic.Int64)
		reply(joint(decoded(p, s)).Via("pulse", pulsing(time.Minute, ticks)))
		stop := start(t, p)
		synctest.Wait()
		equal(t, "ticks at the start", ticks.Load(), 1)
		time.Sleep(10*time.Minute + time.Second)
		equal(t, "ticks after ten minutes", ticks.Load(), 11)
		c, began := dial(t, s), time.Now()
		equal(t, "answer", c.ask(t, "hello"), "hello")
		for i := range 3 {
			equal(t, "pulse", c.hear(t), "pulse")
			equal(t, "its time", time.Since(began).Truncate(time.Second), time.Duration(i+1)*time.Minute-time.Second)
		}
		noError(t, stop())
	})
}

// Idle lanes of a source that lends them out have a clock too.
func TestTickersRunOnIdleLanesOfTCP(t *testing.T) {
	p, s, ticks := pipeline.New("tick"), bind(t), new(atomic.Int64)
	reply(decoded(p, s).Via("pulse", pulsing(5*time.Millisecond, ticks)))
	stop := start(t, p)
	for began := time.Now(); ticks.Load() < 3; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the tickers of an idle source do not run")
		}
	}
	c := connect(t, s)
	c.Write([]byte("hello\n"))
	b := make([]byte, len("hello\npulse\npulse\n"))
	_, err := io.ReadFull(c, b)
	noError(t, err)
	equal(t, "answer and pulses", string(b), "hello\npulse\npulse\n")
	noError(t, stop())
}

// A ticker that emits messages of its own must end with the reading: behind it the queues are closed.
func TestTickersEndWhenTheirSourceHasStopped(t *testing.T) {
	run := func(t *testing.T, s pipeline.Source[stage.Segment], ask func()) {
		p, ticks := pipeline.New("tick", pipeline.DrainTime(5*time.Second)), new(atomic.Int64)
		gate := make(chan struct{})
		decoded(p, s).Via("pulse", pulsing(time.Millisecond, ticks)).
			Queue("queue", queue.Chan, queue.Cap(2), queue.Batch(1)).
			Via("hold", stage.Do(func(l *row) {
				if string(l.Text) == "hold" {
					<-gate
				}
			})).To("reply", sinks.Reply(text))
		stop := start(t, p)
		ask()
		go func() {
			time.Sleep(50 * time.Millisecond) // the drain waits for the lane behind the queue meanwhile
			close(gate)
		}()
		began := time.Now()
		noError(t, stop())
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("the drain took %v", took)
		}
	}
	t.Run("mem", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := mem.New(mem.Limits(unlimited))
			run(t, s, func() {
				c := dial(t, s)
				c.ask(t, "hello")
				c.say("hold")
				go io.Copy(io.Discard, c)
				synctest.Wait()
			})
		})
	})
	t.Run("tcp", func(t *testing.T) {
		s := bind(t, tcp.Lanes(2))
		run(t, s, func() {
			c := connect(t, s)
			c.Write([]byte("hello\n"))
			_, err := io.ReadFull(c, make([]byte, 6))
			noError(t, err)
			c.Write([]byte("hold\n"))
			go func() {
				io.Copy(io.Discard, c)
				c.Close()
			}()
		})
	})
}

// A counter emits three numbered messages each millisecond.
type counter struct {
	rows *stage.Arena[row]
	n    int
}

func (c *counter) Process(_, src []*row) ([]*row, error) { return src, nil }

func (c *counter) Tick(dst []*row, now time.Time) ([]*row, time.Time) {
	for range 3 {
		m := c.rows.New()
		m.Text = fmt.Append(nil, c.n)
		c.n++
		dst = append(dst, m)
	}
	return dst, now.Add(time.Millisecond)
}

// What a ticker emits on a lane that must not wait keeps its order too, while the queue behind is full and gets room now and
// then. It does not pile up, and does not keep the source from stopping.
func TestWhatIsTickedIntoAFullQueueKeepsItsOrder(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("tick"), mem.New(mem.Limits(unlimited))
		var seen []string
		decoded(p, s).
			Via("counter", func(l *stage.Lane) stage.Stage[row, row] { return &counter{rows: stage.NewArena[row](l)} }).
			Queue("queue", q, queue.Cap(2), queue.Batch(1)).
			Via("see", stage.Do(func(l *row) {
				time.Sleep(700 * time.Microsecond)
				seen = append(seen, string(l.Text))
			})).To("drop", sinks.Discard[row]())
		stop := start(t, p)
		time.Sleep(200 * time.Millisecond)
		noError(t, stop())
		if n := len(seen); n < 280 || n > 300 {
			t.Errorf("%d messages in 200 ms, of 0.7 ms each", n)
		}
		for i, n := range seen {
			if n != fmt.Sprint(i) {
				t.Fatalf("message %d is number %s", i, n)
			}
		}
	})
}

// A ticker that asks for no further call gets one behind the next batch.
func TestATickerThatSleepsIsWokenByABatch(t *testing.T) {
	bothWays(t, func(t *testing.T, joint func(flow) flow) {
		if joint == nil {
			joint = func(f flow) flow { return f }
		}
		p, s := pipeline.New("batch"), mem.New(mem.Limits(unlimited))
		reply(joint(decoded(p, s)).Via("batch", stage.Batch[row](3, time.Minute)))
		stop := start(t, p)
		c := dial(t, s)
		for i := range 3 {
			began := time.Now()
			c.say("one")
			synctest.Wait()
			c.say("two")
			equal(t, "answers", c.hear(t)+c.hear(t), "onetwo")
			equal(t, "waited", time.Since(began), time.Minute)
			began = time.Now()
			c.say("three", "four", "five", "six")
			equal(t, "answers", c.hear(t)+c.hear(t)+c.hear(t)+c.hear(t), "threefourfivesix")
			equal(t, "waited", time.Since(began), 0)
			time.Sleep(time.Duration(i) * time.Hour)
		}
		c.say("last", "words")
		synctest.Wait()
		began := time.Now()
		noError(t, stop())
		equal(t, "answers of the drain", strings.Join(c.all(t), " "), "last words")
		equal(t, "the drain took", time.Since(began), 0)
	})
}

// On many lanes each batch is its own.
func TestBatchesOfShardsFillAndDrain(t *testing.T) {
	each(t, func(t *testing.T, q queue.Maker[row]) {
		p, s := pipeline.New("batch"), mem.New(mem.Loops(2), mem.Limits(unlimited))
		var sizes atomic.Int64
		reply(decoded(p, s).Shard("shard", 4, stage.ByRequest, q, queue.Batch(3)).
			Via("batch", stage.Batch[row](10, time.Minute)).
			Via("see", made(func(_, src []*row) ([]*row, error) {
				if len(src) < 10 {
					sizes.Add(1)
				}
				return src, nil
			})))
		stop := start(t, p)
		c := dial(t, s)
		c.say(numbered(500)...)
		equal(t, "answers", joined(c.rest(t)), joined(numbered(500)))
		noError(t, stop())
		if n := sizes.Load(); n > 4 {
			t.Errorf("%d batches of fewer than ten; each of four lanes has one at the end\n%s", n, fmt.Sprint(p))
		}
	})
}
