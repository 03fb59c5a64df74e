package raw

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/packetring"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// blockSize is more than a train of 64 KiB needs, and holds 0.7 ms of a million short packets in a second: at that rate a block
// is full before its time is over.
const blockSize = 128 << 10

// leastBlocks are one that the kernel fills, one that is read, and two for when they are late.
const leastBlocks = 4

// A ring is the way of PacketRing.
type ring struct {
	settings
	rule   func(iface int, m flowfilter.Match) (*flowfilter.Drop, error)
	blocks int
	rings  []*packetring.Ring
	drop   *flowfilter.Drop // nil where there is no rule, or no more
	noRule error            // why
	copies string           // what became of them, once the rule is removed
}

func packetRing(s settings) udp.Engine {
	return newEngine(s, &ring{settings: s, rule: flowfilter.NewDrop})
}

func (w *ring) name() string {
	s := "TPACKET_V3 on " + w.iface
	if w.blocks > 0 {
		s += fmt.Sprintf(", %d blocks of %d KiB", w.blocks, blockSize>>10)
	}
	return s
}

func (w *ring) open(e *engine, iface *net.Interface, m flowfilter.Match) (lanes []udp.Receiver, err error) {
	defer func() {
		if err != nil {
			for _, r := range w.rings {
				err = errors.Join(err, r.Close())
			}
		}
	}()
	filter, err := m.Classic()
	if err != nil {
		return nil, err
	}
	w.blocks, w.rings = max(e.opening.ReceiveBuffer()/blockSize, leastBlocks), nil
	several := e.opening.Lanes() > 1
	for range e.opening.Lanes() {
		o := packetring.Options{Interface: iface.Index, Filter: flowfilter.Nothing(), BlockSize: blockSize, Blocks: w.blocks, Retire: w.retire, Divide: several}
		if len(w.rings) > 0 {
			o.With = w.rings[0]
		}
		r, err := packetring.Open(o)
		if err != nil {
			return nil, err
		}
		w.rings = append(w.rings, r)
		lanes = append(lanes, &ringReceiver{ring: r, taker: newTaker(e, iface), retire: w.retire})
	}
	for _, r := range w.rings {
		if err := r.Only(filter); err != nil {
			return nil, err
		}
	}
	if w.drop, w.noRule = w.rule(iface.Index, m); w.noRule != nil {
		w.drop = nil
	}
	return lanes, nil
}

func (w *ring) gauges() []pipeline.Gauge {
	var s packetring.Stats
	for _, r := range w.rings {
		one := r.Stats()
		s.Frames += one.Frames
		s.Dropped += one.Dropped
		s.Freezes += one.Freezes
	}
	g := []pipeline.Gauge{
		{Name: "dropped by the kernel", Value: fmt.Sprint(s.Dropped)},
		{Name: "frames", Value: fmt.Sprint(s.Frames)},
		{Name: "times the ring was full", Value: fmt.Sprint(s.Freezes)},
	}
	if v := w.fate(); v != "" {
		g = append(g, pipeline.Gauge{Name: "kernel's copy", Value: v})
	}
	return g
}

// fate is what becomes of the copies that the kernel makes for its own stack.
func (w *ring) fate() string {
	switch {
	case w.drop != nil:
		n, err := w.drop.Dropped()
		if err != nil {
			return "dropped by a rule on the interface, which does not say how many: " + err.Error()
		}
		return fmt.Sprintf("dropped by a rule on the interface, %d", n)
	case w.noRule != nil:
		return "refused by the socket, because there is no rule on the interface: " + w.noRule.Error()
	}
	return w.copies
}

func (w *ring) close() (err error) {
	if w.drop != nil {
		w.copies = w.fate()
		err = w.drop.Close()
		w.drop = nil
	}
	return err
}

// A ringReceiver receives from the ring of one lane. Its memory is given back to the kernel when a block has been copied into the
// lane: a block that was lent to packets could be kept by them for as long as a queue is long, and the ring has few.
type ringReceiver struct {
	taker
	ring   *packetring.Ring
	retire time.Duration
	block  packetring.Block
	held   bool   // block is in use
	taken  uint64 // frames
	until  time.Time
}

// Look implements udp.Receiver.
func (r *ringReceiver) Look() (int, error) {
	for {
		if r.held || r.next() {
			return r.block.Frames() + 1, nil // the last may be a train that has not been taken to its end
		}
		if err := r.ring.Err(); err != nil && !errors.Is(err, unix.ENETDOWN) {
			return 0, err
		}
		if r.until.IsZero() || !r.awaited() {
			return 0, nil
		}
		time.Sleep(r.retire / 4)
	}
}

func (r *ringReceiver) next() bool {
	r.block, r.held = r.ring.Next()
	if r.held {
		r.taken += uint64(r.block.Frames())
	}
	return r.held
}

// awaited says that frames which came before the seal are in a block that the kernel has not handed over.
func (r *ringReceiver) awaited() bool {
	s := r.ring.Stats()
	return r.taken < s.Frames-s.Dropped && time.Now().Before(r.until)
}

// Take implements udp.Receiver.
func (r *ringReceiver) Take(l *udp.Lane) (more bool) {
	var f packetring.Frame
	for r.held && l.Room() > 0 {
		switch {
		case r.pending():
			r.train(l)
		case r.block.Frame(&f):
			accept := packet.Accept(0)
			if f.Vouched {
				accept = packet.AnySum
			}
			r.frame(l, f.Data, accept, f.Received, f.Segment)
		default:
			r.block.Release()
			r.next()
		}
	}
	return r.held
}

// Descriptor implements udp.Receiver.
func (r *ringReceiver) Descriptor() int { return r.ring.FD() }

// retireGrace is how much longer than it should a block may take to be handed over.
const retireGrace = 100 * time.Millisecond

// Seal implements udp.Receiver.
func (r *ringReceiver) Seal() error {
	r.until = time.Now().Add(r.retire + retireGrace)
	return r.ring.Only(flowfilter.Nothing())
}

// Close implements udp.Receiver. What closing returns changes nothing.
func (r *ringReceiver) Close() { _ = r.ring.Close() }
