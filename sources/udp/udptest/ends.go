package udptest

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// arrived holds the lane with the first packet, lets more arrive, and stops. All of them are received.
func arrived(s *suite) {
	const more = 300
	gate, entered := make(chan struct{}), make(chan struct{})
	n := 0
	r := s.start(before(func(*udp.Packet) {
		if n++; n == 1 {
			close(entered)
			<-gate
		}
	}))
	c := r.dial()
	s.send(c, pattern(10))
	<-entered
	for range more {
		s.send(c, pattern(10))
	}
	r.cancel()
	time.Sleep(quiet / 2) // the source has been told by then
	close(gate)
	r.well()
	if n != 1+more {
		s.Errorf("%d packets of %d were received", n, 1+more)
	}
}

// arrivedBehindAQueue is the same while a queue is full, so that the source reads on only as that empties.
func arrivedBehindAQueue(s *suite) {
	const more = 200
	gate, entered := make(chan struct{}), make(chan struct{})
	n := 0
	r := s.start(func(f *pipeline.Flow[udp.Packet]) {
		f.Queue("wait", queue.Ring, queue.Cap(4), queue.Block).To("count", func(*stage.Lane) stage.Sink[udp.Packet] {
			return sink(func(b []*udp.Packet) {
				if n == 0 {
					close(entered)
					<-gate
				}
				n += len(b)
			})
		})
	}, udp.Batch(8))
	c := r.dial()
	s.send(c, pattern(10))
	<-entered
	for range more {
		s.send(c, pattern(10))
	}
	r.cancel()
	time.Sleep(quiet / 2)
	close(gate)
	r.well()
	if n != 1+more {
		s.Errorf("%d packets of %d were received", n, 1+more)
	}
}

type sink func([]*udp.Packet)

func (f sink) Push(b []*udp.Packet) { f(b) }

// stopUnderLoad stops while several clients send without a pause. It ends soon, and what was pushed is what was counted.
func stopUnderLoad(s *suite) {
	var n atomic.Uint64
	r := s.start(func(f *pipeline.Flow[udp.Packet]) {
		f.Shard("by peer", 2, udp.ByPeer, queue.Ring, queue.DropNewest).
			To("count", func(*stage.Lane) stage.Sink[udp.Packet] {
				return sink(func(b []*udp.Packet) { n.Add(uint64(len(b))) })
			})
	})
	var sending sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		c := r.dial()
		sending.Go(func() { flood(c, stop) })
	}
	defer sending.Wait()
	defer close(stop)
	s.until("load is there", func() bool { return n.Load() > 1000 })
	began := time.Now()
	r.well()
	if d := time.Since(began); d > patience/2 {
		s.Error("the stop took", d)
	}
	stats := r.pipeline.Stats()
	if out, joint := stats.Node(r.Source.String()).Out, stats.Node("by peer"); out != n.Load()+joint.Dropped {
		s.Errorf("%d packets were received, %d counted and %d dropped", out, n.Load(), joint.Dropped)
	}
}

// flood sends until it is stopped; nobody may be there any more.
func flood(c net.Conn, stop <-chan struct{}) {
	b := pattern(64)
	for {
		select {
		case <-stop:
			return
		default:
			_, _ = c.Write(b)
		}
	}
}

func hangs(s *suite) {
	gate, entered := make(chan struct{}), make(chan struct{})
	r := s.startWith(before(func(*udp.Packet) {
		close(entered)
		<-gate
	}), []pipeline.Option{pipeline.DrainTime(100 * time.Millisecond)})
	defer close(gate)
	c := r.dial()
	s.send(c, pattern(10))
	<-entered
	began := time.Now()
	err := r.stop()
	var lost *pipeline.DrainError
	if !errors.As(err, &lost) {
		s.Error("the end is", err)
	}
	if d := time.Since(began); d > patience/2 {
		s.Error("it took", d)
	}
}

// unused closes a source of which the pipeline has started nothing.
func unused(s *suite) {
	e := s.make(s.TB)
	addr := e.Source.Addr()
	if addr == nil {
		s.Fatal("the source has no address")
	}
	e.Source.Close(s.Context())
	if e.Source.Conn() != nil {
		s.Error("there is still a socket")
	}
}
