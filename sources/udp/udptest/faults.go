package udptest

import (
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

func panics(s *suite) {
	r := s.start(before(func(p *udp.Packet) {
		if string(p.Data) == "panic" {
			panic("as it was told")
		}
	}))
	a, b := r.dial(), r.dial()
	s.send(a, []byte("panic"))
	s.echoes(a, []byte("on"))
	s.echoes(b, []byte("other"))
	if n := r.gauge("failed: panic"); n != 1 {
		s.Error(n, "were counted as failed for a panic")
	}
	r.well()
}

var errRefused = &stage.Reason{Label: "refused by the check"}

func failed(s *suite) {
	r := s.start(before(func(p *udp.Packet) {
		if string(p.Data) == "fail" {
			p.Fail(errRefused)
		}
	}))
	c := r.dial()
	s.send(c, []byte("fail"))
	s.echoes(c, []byte("on"))
	s.silent(c)
	if n := r.gauge("failed: refused by the check"); n != 1 {
		s.Error(n, "were counted as refused")
	}
	r.well()
}

// answerToNobody answers peers that are gone, whose machine says so by ICMP, and one to which nothing can be sent.
func answerToNobody(s *suite) {
	gate := make(chan struct{})
	entered := make(chan struct{}, 1000)
	r := s.start(before(func(p *udp.Packet) {
		switch string(p.Data) {
		case "hold":
			entered <- struct{}{}
			<-gate
		case "nobody":
			p.Peer = (udp.Packet{}).Peer
		}
	}))
	c := r.dial()
	s.send(c, []byte("hold"))
	<-entered
	for range 20 {
		gone := r.dial()
		s.send(gone, []byte("gone"))
		s.send(gone, []byte("gone"))
		gone.Close()
	}
	s.send(c, []byte("nobody"))
	close(gate)
	if got := s.answer(c); string(got) != "hold" {
		s.Errorf("the answer is %q", got)
	}
	s.echoes(c, []byte("on"))
	if n := r.gauge("not sent: no peer"); n != 1 {
		s.Error(n, "were counted as without a peer")
	}
	r.well()
}

// stalledWorker holds one worker of two. What is for the other goes through; what is for the first fills its queue and is
// dropped then, and counted.
func stalledWorker(s *suite) {
	gate, entered := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	r := s.start(func(f *pipeline.Flow[udp.Packet]) {
		f.Shard("by first", 2, func(p *udp.Packet) uint64 { return uint64(p.Data[0]) }, queue.Ring, queue.Cap(8), queue.DropNewest).
			Via("work", stage.Do(func(p *udp.Packet) {
				if string(p.Data[1:]) == "hold" && held.CompareAndSwap(false, true) {
					close(entered)
					<-gate
				}
			})).To("send", udp.Send())
	})
	slow, quick := keys()
	c := r.dial()
	s.send(c, append([]byte{slow}, "hold"...))
	<-entered
	const room, lost = 8, 50
	for i := range room + lost {
		s.send(c, append([]byte{slow}, text(i)...))
	}
	for i := range 100 {
		s.echoes(c, append([]byte{quick}, text(i)...))
	}
	s.until("the drops are counted", func() bool { return r.pipeline.Stats().Node("by first").Dropped >= lost })
	dropped := int(r.pipeline.Stats().Node("by first").Dropped)
	if dropped > lost+1 { // the packet that is held may have kept its room
		s.Errorf("%d packets were dropped, not %d", dropped, lost)
	}
	close(gate)
	var answers []string
	for range 1 + room + lost - dropped {
		answers = append(answers, string(s.answer(c)[1:]))
	}
	if want := []string{"hold", "000000", "000001", "000002"}; !slices.Equal(answers[:4], want) {
		s.Error("the worker goes on with", answers)
	}
	s.silent(c)
	r.well()
}

// keys are two bytes that two lanes have one of each: partitions are dealt out in turn.
func keys() (slow, quick byte) {
	owner := func(b byte) uint8 { return stage.Partition(uint64(b)) % 2 }
	for quick = 1; owner(quick) == owner(slow); quick++ {
	}
	return slow, quick
}

// stalledLane fills a queue that makes its producer wait, and then the socket.
func stalledLane(s *suite) {
	gate, entered := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	r := s.start(func(f *pipeline.Flow[udp.Packet]) {
		f.Queue("wait", queue.Ring, queue.Cap(4), queue.Block).Via("work", stage.Do(func(*udp.Packet) {
			if held.CompareAndSwap(false, true) {
				close(entered)
				<-gate
			}
		})).To("send", udp.Send())
	}, udp.ReceiveBuffer(16<<10), udp.Batch(4))
	c := r.dial()
	s.send(c, pattern(1000))
	<-entered
	for range 500 {
		s.send(c, pattern(1000))
	}
	if !r.Uncounted {
		s.until("the kernel's drops are shown", func() bool { return r.gauge("dropped by the kernel") > 0 })
	}
	close(gate)
	s.answer(c)
	drain(c)
	s.echoes(c, []byte("on"))
	r.well()
}

// drain takes what comes until nothing does.
func drain(c net.Conn) {
	b := make([]byte, 1<<16)
	for {
		_ = c.SetReadDeadline(time.Now().Add(4 * quiet))
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}
