package udp

import "time"

// Waiting is how a lane with a loop of its own waits for packets.
//
// Waking a thread costs the kernel of the sender more than the packet does, so while much arrives nobody waits to be woken: the
// lane receives all there is, naps, and looks again. Naps cost a quarter of a processor when nothing comes, so a lane naps only
// while it pays:
//
//   - at rest it blocks until a packet arrives;
//   - when it has had to block for less than a nap, it naps instead from then on;
//   - when a nap brings less than two packets, it blocks again.
//
// The clock is read around a wait that blocks, and never for a packet.
type waiting struct {
	nap     time.Duration // 0 for never
	napping bool
}

// A sleeper is what a lane waits with.
type sleeper interface {
	// look says how many packets there are now.
	look() (n int, err error)
	// block waits until there is one, for so long or without end when that is negative. It also returns when the lane
	// is woken for something else: then arrived is false.
	block(wait time.Duration) (arrived bool, err error)
	// doze sleeps.
	doze(d time.Duration)
}

// wait waits for packets, for so long or without end when that is negative, and says how many there are.
func (w *waiting) wait(s sleeper, most time.Duration) (n int, err error) {
	if w.napping {
		d := w.nap
		if most >= 0 {
			d = min(d, most)
		}
		s.doze(d)
		n, err = s.look()
		w.napping = n >= 2
		return n, err
	}
	began := time.Now()
	arrived, err := s.block(most)
	if err != nil || !arrived {
		return 0, err
	}
	w.napping = time.Since(began) < w.nap
	return s.look()
}
