package udp

import (
	"math"
	"time"
)

// A Receiver is what one lane of an [Engine] receives with when the kernel shows it readiness by a descriptor. Its methods are
// called on the thread of the lane.
type Receiver interface {
	// Look says how much there is to take, without waiting.
	Look() (n int, err error)

	// Take adds what Look has found to the batch of the lane, as much as it has room for, and says whether there is more. It is
	// also called when that was nothing.
	Take(*Lane) (more bool)

	// Descriptor is readable when Look would find something that it did not find before.
	Descriptor() int

	// Seal lets nothing more arrive. From then on Look finds nothing only when all that had arrived has been taken.
	Seal() error

	// Close gives back what the receiver has. The thread has ended, or has not begun.
	Close()
}

// A Poller is the thread of one lane that receives with a [Receiver]: it blocks while little arrives, and naps while much does.
// See [Nap].
type Poller struct {
	rider *rider
	lane  Lane
	Receiver
}

// lookEvery is how often a lane at rest looks: an interface may be removed without its sockets being told.
const lookEvery = time.Second

// Poller makes the thread of a lane.
func (o *Opening) Poller(r Receiver) (p *Poller, err error) {
	p = &Poller{Receiver: r}
	if p.rider, err = newRider(polled{p}, o.source.nap); err == nil {
		p.rider.looks = lookEvery
	}
	return p, err
}

// Run is what the engine's Receive does for the lane.
func (p *Poller) Run(l *Lane) {
	p.lane = *l
	p.rider.run(l.lane)
}

// Wake is what the engine's Wake does for the lane.
func (p *Poller) Wake() { p.rider.loop.Wake() }

// Discard ends a poller that is not going to run. One that has run has ended by itself, and its Receiver is closed.
func (p *Poller) Discard() { p.rider.loop.Discard() }

// polled is a Poller as a receiver of this package.
type polled struct{ p *Poller }

func (r polled) look() (int, error) { return r.p.Look() }
func (r polled) take(*lane) bool    { return r.p.Take(&r.p.lane) }
func (r polled) descriptor() int    { return r.p.Descriptor() }
func (r polled) close()             { r.p.Close() }
func (r polled) seal() (int, bool)  { return math.MaxInt16, r.p.Seal() == nil }
