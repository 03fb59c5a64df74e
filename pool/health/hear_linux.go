package health

import (
	"os"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
)

// hear reads what has come until it is a reply or the kernel has no more.
func (w *wire) hear(events uint32) {
	if events&(reactor.In|reactor.Hung) == 0 {
		return
	}
	s := w.station.m.script
	for {
		room := w.station.buf[:s.most-len(w.in)]
		k, err := nonblock.Read(w.fd, room)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			return
		case err != nil:
			w.fail(os.NewSyscallError("recv", err))
			return
		case k == 0:
			w.fail(ended(w.in))
			return
		}
		b := room[:k]
		if len(w.in) > 0 {
			w.in = append(w.in, b...)
			b = w.in
		}
		n, verdict := s.judge(b, w.fresh)
		switch {
		case n > 0:
			// What comes behind the reply, or may do, is not understood by the next check.
			w.answered(verdict, n == len(b) && k < len(room) && events&reactor.Hung == 0)
			return
		case verdict != nil:
			w.fail(verdict)
			return
		case len(b) == s.most:
			w.fail(s.tooLong(b))
			return
		case len(w.in) == 0:
			w.in = append(w.in, b...)
		}
	}
}

// answered ends a check with what the reply says.
func (w *wire) answered(verdict error, clean bool) {
	switch {
	case verdict != nil && !w.fresh:
		w.fail(verdict)
		return
	case clean && w.station.m.script.keep:
		w.state = idle
		w.awaken(false)
	default:
		w.close()
	}
	w.finish(verdict)
}
