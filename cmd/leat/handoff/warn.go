package handoff

import (
	"log/slog"
	"sync"
	"time"
)

// Warnings are logged at most once a second, whatever peers do.
type Warnings struct {
	Log *slog.Logger

	mu   sync.Mutex
	next time.Time // before it none is logged
	kept int       // that were not, since the latest that was
}

// Warn logs a warning, with how many were left out before it.
func (w *Warnings) Warn(msg string, with ...any) {
	w.mu.Lock()
	now := time.Now()
	if now.Before(w.next) {
		w.kept++
		w.mu.Unlock()
		return
	}
	w.next = now.Add(time.Second)
	if w.kept > 0 {
		with = append(with, "left out before", w.kept)
		w.kept = 0
	}
	w.mu.Unlock()
	w.Log.Warn(msg, with...)
}
