package tlsconf

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"time"
)

// A stamp tells two states of a file apart. That of one which cannot be looked at is zero.
type stamp struct {
	modified time.Time
	size     int64
}

func (s Server) stamps() (all []stamp) {
	paths := []string{s.ClientCA}
	for _, p := range s.Pairs {
		paths = append(paths, p.Cert, p.Key)
	}
	for _, path := range paths {
		var one stamp
		if info, err := os.Stat(path); err == nil {
			one = stamp{info.ModTime(), info.Size()}
		}
		all = append(all, one)
	}
	return all
}

// Watch looks for files that have changed, each time that long after the last, and reads them again, until ctx ends. What comes
// of it goes to the log.
func (l *Live) Watch(ctx context.Context, every time.Duration, log *slog.Logger) {
	seen := l.server.stamps()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := l.server.stamps() // before they are read: what changes meanwhile is seen next time
		if slices.Equal(now, seen) {
			continue
		}
		seen = now
		l.Report(l.Reload(), log)
	}
}

// Report logs what came of a Reload.
func (l *Live) Report(err error, log *slog.Logger) {
	if err != nil {
		log.Error("the new certificates are refused, and the old ones stay", "error", err)
		return
	}
	for _, w := range l.Warnings() {
		log.Warn(w)
	}
	log.Info("the certificates were read again")
}
