package journal

import "time"

// Stats are the figures of a journal since it was opened.
type Stats struct {
	Path     string
	Policy   Policy
	Found    int64  // records that were there when it was opened
	Torn     int64  // bytes that were cut off then
	Size     int64  // bytes of the file
	Commits  uint64 // records written: each is what was committed at the same time
	Messages uint64 // in them
	Syncs    uint64
	SyncP50  time.Duration
	SyncP99  time.Duration
	Late     uint64 // calls of Commit that waited for a sync that took too long
	Err      error  // what ended the journal
}

// PerCommit is the mean number of messages that were written, and under [Always] synced, at once.
func (s Stats) PerCommit() float64 {
	if s.Commits == 0 {
		return 0
	}
	return float64(s.Messages) / float64(s.Commits)
}

// Stats returns the figures.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Path, s.Policy, s.Size, s.Err = w.path, w.policy, w.at, w.err
	s.Syncs, s.SyncP50, s.SyncP99 = w.times.N(), w.times.Quantile(.5), w.times.Quantile(.99)
	return s
}
