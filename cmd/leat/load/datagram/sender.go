package datagram

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/cmd/leat/load/nap"
)

// A transport sends datagrams of equal size that lie behind one another in b. It waits while the system has no room, and says
// how many went out.
type transport interface {
	send(flow int, b []byte, size int) (n int, err error)
	close()
}

// A flow is one source port. What is atomic has one writer, the sender, but came, which the receiver writes.
type flow struct {
	seq, warm uint64        // of the next datagram, counted and of the warm-up
	offered   atomic.Uint64 // numbers below it may have been sent
	sent      int64         // of both kinds
	came      atomic.Int64  // replies, of both kinds
	given     int64         // closed loop: given up
	seen      int64         // closed loop: came, when it last changed
	since     int64         // closed loop: when that was
}

const (
	// minNap is longer than that of package load: arming a timer and waking cost about 10 µs of processor, which the receiver on the
	// same machine may want. At 100 000/s naps of 20 µs took three quarters of a core, these half of one.
	minNap = 50 * time.Microsecond
	maxNap = 50 * time.Millisecond
	// patience is how long the first datagram of a train waits at most until a whole train is due.
	patience = time.Millisecond
	// endings is how often a flow says that it has ended, and endingsApart the time between: a full queue on the way may drop one.
	endings      = 3
	endingsApart = 20 * time.Millisecond
)

// A sender makes datagrams and sends them, in bursts of one flow.
type sender struct {
	r    *run
	out  transport
	buf  []byte
	turn int           // flow of the next burst
	room chan struct{} // closed loop: replies have come
	late *latency.Histogram

	counted  atomic.Int64 // sent, without the warm-up
	bytes    int64        // of these
	unsent   int64        // due or begun, and not sent
	refused  int64        // errors of the other side's host, such as that nothing listens
	failed   int64        // calls that failed for another reason
	example  string       // the first error of either kind
	began    int64        // when the first counted one was sent
	lastSent int64
}

func newSender(r *run, out transport) *sender {
	return &sender{
		r: r, out: out, buf: make([]byte, r.cfg.Batch*r.cfg.Message), room: make(chan struct{}, 1), late: latency.NewHistogram(),
	}
}

// run sends until the end. Its error is one that makes the run worthless.
func (s *sender) run() (err error) {
	switch {
	case s.r.schedule != nil:
		err = s.open()
	case s.r.cfg.Role == Echo:
		err = s.closed()
	default:
		err = s.flood()
	}
	if err == nil && s.r.cfg.Role == SendOnly {
		s.conclude()
	}
	return err
}

// open sends what is due, never before its time.
func (s *sender) open() error {
	r, n := s.r, nap.New(true)
	defer n.Close()
	total := r.schedule.First(r.end)
	last := int64(math.MaxInt64) // none of the backlog is sent from here on
	if r.end < last-int64(r.cfg.Timeout) {
		last = r.end + int64(r.cfg.Timeout)
	}
	for next := int64(0); next < total && r.ctx.Err() == nil; {
		now := r.now()
		if now > last {
			s.unsent += total - next
			break
		}
		if wait := s.wake(next) - now; wait > 0 {
			n.Sleep(min(max(time.Duration(wait), minNap), maxNap))
			continue
		}
		burst := int(min(r.schedule.First(now+1), total, next+int64(r.cfg.Batch)) - next)
		if err := s.burst(s.next(), burst, func(i int) int64 { return r.schedule.Due(next + int64(i)) }); err != nil {
			return err
		}
		next += int64(burst)
	}
	return nil
}

// wake is when to send the datagram that is due next: at its time, but that trains wait until they are full.
func (s *sender) wake(next int64) int64 {
	at := s.r.schedule.Due(next)
	if s.r.cfg.Sender != GSO {
		return at
	}
	return min(s.r.schedule.Due(next+int64(s.r.cfg.Batch)-1), at+int64(patience), s.r.end)
}

// closed keeps Depth datagrams of each flow in flight.
func (s *sender) closed() error {
	r := s.r
	timer := time.NewTimer(maxNap)
	defer timer.Stop()
	for left := s.budget(); left > 0 && r.now() < r.end && r.ctx.Err() == nil; left = s.budget() {
		busy := false
		for f := range r.flows {
			n := int(min(int64(s.space(&r.flows[f])), int64(r.cfg.Batch), s.budget()))
			if n <= 0 {
				continue
			}
			busy = true
			now := r.now()
			if err := s.burst(f, n, func(int) int64 { return now }); err != nil {
				return err
			}
		}
		if busy {
			continue
		}
		timer.Reset(min(maxNap, r.cfg.Timeout))
		select {
		case <-s.room:
		case <-timer.C:
		case <-r.ctx.Done():
		}
	}
	return nil
}

// space is how many datagrams a flow may send now. What has been in flight for the timeout, with nothing coming back, is given up.
func (s *sender) space(f *flow) int {
	came, now := f.came.Load(), s.r.now()
	flying := f.sent - came - f.given
	if flying < 0 { // what was given up has come
		f.given += flying
		flying = 0
	}
	if came != f.seen || flying == 0 {
		f.seen, f.since = came, now
	}
	if flying > 0 && now-f.since > int64(s.r.cfg.Timeout) {
		f.given += flying
		f.since, flying = now, 0
	}
	return s.r.cfg.Depth - int(flying)
}

// flood sends as fast as it can.
func (s *sender) flood() error {
	r := s.r
	for left := s.budget(); left > 0 && r.ctx.Err() == nil; left = s.budget() {
		now := r.now()
		if now >= r.end {
			break
		}
		if err := s.burst(s.next(), int(min(left, int64(r.cfg.Batch))), func(int) int64 { return now }); err != nil {
			return err
		}
		runtime.Gosched() // to who shows the progress, where there is one processor
	}
	return nil
}

// budget is how many datagrams Requests leaves. Those that could not be sent count, so that the run ends.
func (s *sender) budget() int64 {
	if s.r.cfg.Requests == 0 {
		return int64(s.r.cfg.Batch)
	}
	return s.r.cfg.Requests - s.counted.Load() - s.unsent
}

// next is the flow whose turn it is.
func (s *sender) next() int {
	f := s.turn
	if s.turn++; s.turn == len(s.r.flows) {
		s.turn = 0
	}
	return f
}

// burst sends n datagrams of one flow that are due at given times.
func (s *sender) burst(number, n int, due func(i int) int64) error {
	r, f, size := s.r, &s.r.flows[number], s.r.cfg.Message
	now := r.clock.now()
	h := header{run: r.id, host: r.clock.host, sent: now, flow: uint16(number), sender: r.senderIndex()}
	warm := 0
	for i := range n {
		at := due(i)
		h.due, h.kind, h.seq = r.start+at, counted, f.seq+uint64(i-warm)
		if at < r.from {
			h.kind, h.seq = warming, f.warm+uint64(i)
			warm++
		} else if r.schedule != nil {
			s.late.Record(now - h.due)
		}
		h.put(s.buf[i*size : (i+1)*size])
	}
	f.offered.Store(f.seq + uint64(n-warm))
	done, err := s.push(number, n)
	f.sent += int64(done)
	f.warm += uint64(min(done, warm))
	if done > warm {
		if s.began == 0 {
			s.began = now
		}
		f.seq += uint64(done - warm)
		s.counted.Add(int64(done - warm))
		s.bytes += int64(done-warm) * int64(size)
	}
	s.unsent += int64(n - max(done, warm))
	s.lastSent = r.now()
	return err
}

// push hands a burst to the transport and says how much of it went out.
func (s *sender) push(flow, n int) (done int, err error) {
	size := s.r.cfg.Message
	for tries := 0; done < n && tries <= 2*n; tries++ {
		sent, err := s.out.send(flow, s.buf[done*size:n*size], size)
		done += sent
		switch {
		case err == nil:
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
			s.note(&s.refused, err) // an ICMP message about an earlier one; the kernel says it once, and sends the next
		case s.counted.Load() == 0 && done == 0:
			return done, fmt.Errorf("load: the %s: %w", s.r.cfg.Sender.Detail(), err)
		default:
			s.note(&s.failed, err)
			return done, nil
		}
	}
	return done, nil
}

func (s *sender) note(count *int64, err error) {
	*count++
	if s.example == "" {
		s.example = err.Error()
	}
}

// conclude tells a sink how much each flow has sent.
func (s *sender) conclude() {
	size := s.r.cfg.Message
	for i := range endings {
		if i > 0 {
			time.Sleep(endingsApart)
		}
		for f := range s.r.flows {
			h := header{
				run: s.r.id, host: s.r.clock.host, kind: ending, seq: s.r.flows[f].seq, due: int64(len(s.r.flows)),
				sent: s.r.clock.now(), flow: uint16(f), sender: s.r.senderIndex(),
			}
			h.put(s.buf[:size])
			_, _ = s.out.send(f, s.buf[:size], size) // the others of the three say it again
		}
	}
}
