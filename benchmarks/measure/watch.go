//go:build linux

package measure

import (
	"sync"
	"time"
)

// A Watch reads the processor time of processes every few milliseconds, so that it is known for a part of their life whose begin
// is found out only later.
type Watch struct {
	pids []int
	stop chan struct{}
	done sync.WaitGroup
	seen []reading
	err  error
}

type reading struct {
	at  time.Time
	cpu []time.Duration
}

const watchEvery = 10 * time.Millisecond

// Watched begins to watch processes; 0 stands for one that there is not, and takes no time.
func Watched(pids ...int) *Watch {
	w := &Watch{pids: pids, stop: make(chan struct{})}
	w.read()
	w.done.Go(func() {
		t := time.NewTicker(watchEvery)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				w.read()
			case <-w.stop:
				w.read()
				return
			}
		}
	})
	return w
}

func (w *Watch) read() {
	r := reading{time.Now(), make([]time.Duration, len(w.pids))}
	for i, pid := range w.pids {
		if pid == 0 {
			continue
		}
		cpu, err := CPUTime(pid)
		if err != nil && w.err == nil {
			w.err = err
		}
		r.cpu[i] = cpu
	}
	w.seen = append(w.seen, r)
}

// Last ends the watch. It returns how much of a processor each process had during the last of its time, at least 20 ms of it,
// as a share.
func (w *Watch) Last(length time.Duration) (shares []float64, err error) {
	close(w.stop)
	w.done.Wait()
	if w.err != nil {
		return nil, w.err
	}
	end := w.seen[len(w.seen)-1]
	from := w.seen[0]
	for _, r := range w.seen {
		if end.at.Sub(r.at) < max(length, 2*watchEvery) {
			break
		}
		from = r
	}
	for i := range w.pids {
		shares = append(shares, (end.cpu[i]-from.cpu[i]).Seconds()/max(end.at.Sub(from.at), 1).Seconds())
	}
	return shares, nil
}
