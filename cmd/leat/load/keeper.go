package load

import "io"

// A keeper is a user that has a connection of its own.
type keeper struct {
	user
	lost    int64 // requests that a failed write did not get out
	sendErr error // of that write

	cause error // what ended the connection; nil if the run did
	cut   bool  // the context ended it
}

// hasWork reports whether there is something to send and room for it in the window.
func (k *keeper) hasWork() bool {
	return !k.stopped.Load() && k.inFlight() < int64(k.r.cfg.Depth) && (!k.r.open() || k.backlog() > 0)
}

// room is how many requests may be begun and fit into one write.
func (k *keeper) room() int64 { return min(int64(k.r.cfg.Depth)-k.inFlight(), int64(k.most())) }

// failed notes that a write has failed, which did not get the last requests out. Replies that have arrived can still be read.
func (k *keeper) failed(lost int64, err error) {
	k.lost, k.sendErr = lost, err
	k.sent.Store(k.sent.Load() - lost)
	k.stopped.Store(true)
}

// conclude notes what has ended the connection, nil if the run did.
func (k *keeper) conclude(err error) {
	k.gone.Store(true)
	k.stopped.Store(true)
	k.endedAt = k.r.now()
	k.seen.flush(k.endedAt)
	if err == nil || err == io.EOF && k.sendErr != nil { // a write that learns of a reset keeps it from the reads
		err = k.sendErr
	}
	k.cause, k.cut = err, err != nil && k.r.ctx.Err() != nil
	if err != nil && !k.cut {
		k.r.lost.Add(max(0, k.inFlight()) + k.lost)
	}
}
