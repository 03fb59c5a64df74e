package raw

import (
	"errors"
	"fmt"
	"math/bits"
	"net"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/internal/xdp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// leastChunks is how many frames a lane of XDP has memory for at least, 256 KiB of the smallest.
const leastChunks = 128

// sockets are the way of XDP.
type sockets struct {
	settings
	how       string
	redirect  *flowfilter.Redirect
	receivers []*xdp.Receiver
}

func xdpSockets(s settings) udp.Engine { return newEngine(s, &sockets{settings: s}) }

func (w *sockets) name() string { return "AF_XDP on " + w.iface + w.how }

func (w *sockets) open(e *engine, iface *net.Interface, m flowfilter.Match) (lanes []udp.Receiver, err error) {
	n := queues(e.opening, iface.Name)
	if lanes := e.opening.Lanes(); n != lanes {
		return nil, fmt.Errorf("the interface receives from %d queues: there must be as many lanes, and not %d", n, lanes)
	}
	o := xdp.Options{Interface: iface.Index, Chunk: xdp.ChunkFor(iface.MTU)}
	if o.Chunk == 0 {
		return nil, fmt.Errorf("frames of an MTU of %d do not fit into one page of memory, as AF_XDP wants it", iface.MTU)
	}
	o.Chunks = max(1<<(bits.Len(uint(e.opening.ReceiveBuffer()/o.Chunk))-1), leastChunks)
	if w.redirect, err = flowfilter.NewRedirect(iface, n, m); err != nil {
		return nil, err
	}
	w.receivers = nil
	defer func() {
		if err != nil {
			for _, r := range w.receivers {
				err = errors.Join(err, r.Close())
			}
		}
	}()
	for o.Queue = range n {
		r, err := xdp.NewReceiver(o)
		if err != nil {
			return nil, err
		}
		w.receivers = append(w.receivers, r)
		lanes = append(lanes, &xdpReceiver{socket: r, redirect: w.redirect, queue: o.Queue, taker: newTaker(e, iface)})
	}
	for i, r := range w.receivers {
		if err := w.redirect.Give(i, r.FD()); err != nil {
			return nil, err
		}
	}
	w.how = fmt.Sprintf(", %s program, copies, %d chunks of %d", w.redirect.Mode, o.Chunks, o.Chunk)
	if w.receivers[0].ZeroCopy() {
		w.how = fmt.Sprintf(", %s program, no copies, %d chunks of %d", w.redirect.Mode, o.Chunks, o.Chunk)
	}
	return lanes, nil
}

func (w *sockets) gauges() []pipeline.Gauge {
	var s xdp.Stats
	for _, r := range w.receivers {
		one := r.Stats()
		s.Dropped += one.Dropped
		s.TooLong += one.TooLong
	}
	return []pipeline.Gauge{
		{Name: "dropped by the kernel", Value: fmt.Sprint(s.Dropped)},
		{Name: "too long for a chunk", Value: fmt.Sprint(s.TooLong)},
	}
}

func (w *sockets) close() (err error) {
	if w.redirect != nil {
		err = w.redirect.Close()
		w.redirect = nil
	}
	return err
}

// mostFrames is how many chunks are kept from the kernel at a time.
const mostFrames = 256

// An xdpReceiver receives from the socket of one queue.
type xdpReceiver struct {
	taker
	socket   *xdp.Receiver
	redirect *flowfilter.Redirect
	queue    int
	batch    xdp.Batch
	held     bool // batch is in use
}

// Look implements udp.Receiver.
func (r *xdpReceiver) Look() (int, error) {
	if r.held || r.next() {
		return 1, nil
	}
	r.socket.Nudge()
	return 0, r.socket.Err()
}

func (r *xdpReceiver) next() bool {
	r.batch, r.held = r.socket.Next(mostFrames)
	return r.held
}

// Take implements udp.Receiver.
func (r *xdpReceiver) Take(l *udp.Lane) (more bool) {
	for r.held && l.Room() > 0 {
		if f := r.batch.Frame(); f != nil {
			r.frame(l, f, 0, 0, 0)
			continue
		}
		r.batch.Release()
		r.next()
	}
	return r.held
}

// Descriptor implements udp.Receiver.
func (r *xdpReceiver) Descriptor() int { return r.socket.FD() }

// Seal implements udp.Receiver.
func (r *xdpReceiver) Seal() error { return r.redirect.TakeBack(r.queue) }

// Close implements udp.Receiver. What closing returns changes nothing.
func (r *xdpReceiver) Close() { _ = r.socket.Close() }
