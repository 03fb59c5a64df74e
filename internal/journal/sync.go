package journal

import "time"

// timed says how long f took.
func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}

// wrote notes that something was written at now which is not synced. The lock is held.
func (w *Writer) wrote(now time.Time) {
	switch {
	case w.oldest.IsZero():
		w.oldest = now
		select {
		case w.dirty <- struct{}{}:
		default:
		}
	case w.syncing && w.newer.IsZero():
		w.newer = now
	}
}

// timely keeps a commit from returning while something that was written two seconds ago is not synced. The lock is held.
func (w *Writer) timely() error {
	if w.oldest.IsZero() || time.Since(w.oldest) <= lateAfter {
		return nil
	}
	w.stats.Late++
	for w.err == nil && !w.oldest.IsZero() && time.Since(w.oldest) > lateAfter {
		w.change.Wait()
	}
	return w.err
}

// everySecond syncs what was written, a second after the first of it at the latest.
func (w *Writer) everySecond() {
	timer := time.NewTimer(syncEvery)
	defer timer.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-w.dirty:
		case <-timer.C:
		}
		if due := w.syncDue(); !due.IsZero() {
			timer.Reset(time.Until(due))
		}
	}
}

// syncDue syncs if it is time, and returns when it will be time again, or zero.
func (w *Writer) syncDue() (due time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.oldest.IsZero() || w.err != nil {
		return time.Time{}
	}
	if due = w.oldest.Add(syncEvery); time.Now().Before(due) {
		return due
	}
	w.syncing = true
	file, at := w.file, w.at
	w.mu.Unlock()
	took, err := timed(file.Sync)
	w.mu.Lock()
	w.syncing = false
	w.times.Add(took)
	if err != nil {
		w.fail(err)
		return time.Time{}
	}
	w.settled = at
	w.oldest, w.newer = w.newer, time.Time{}
	w.change.Broadcast()
	if w.oldest.IsZero() {
		return time.Time{}
	}
	return w.oldest.Add(syncEvery)
}
