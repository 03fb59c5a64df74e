package count

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/stage"
)

// grace is how long after the time of a report the partitions may take to say what they have: a report waits for those that are
// late, so that lanes which are busy are in it.
const grace = 50 * time.Millisecond

// A reporter puts together what all partitions say. The latest word of each holds, whichever lane it has moved to.
type reporter struct {
	server *Server
	lane   *stage.Lane
	arena  *stage.Arena[lines.Text]
	parts  [stage.Partitions]*Summary // the latest of each
	at     time.Time                  // of the latest words
	done   time.Time                  // of the latest report
	prev   uint64                     // packets in that
	fresh  bool                       // something has come since
	ended  bool                       // the last report was made
}

func (s *Server) reporter(l *stage.Lane) stage.Stage[Summary, lines.Text] {
	return &reporter{server: s, lane: l, arena: stage.NewArena[lines.Text](l)}
}

// Process implements stage.Stage. Words for a later report end the waiting for an earlier one.
func (r *reporter) Process(dst []*lines.Text, src []*Summary) ([]*lines.Text, error) {
	for _, s := range src {
		if r.fresh && s.at.After(r.at) {
			dst = r.report(dst, false)
		}
		own := *s
		own.Head = stage.Head{}
		r.parts[s.part] = &own
		if !s.at.IsZero() {
			r.at, r.fresh = later(r.at, s.at), true
		}
	}
	return dst, nil
}

// Tick implements stage.Ticker.
func (r *reporter) Tick(dst []*lines.Text, now time.Time) ([]*lines.Text, time.Time) {
	if r.server.cfg.Every == 0 || !r.fresh {
		return dst, time.Time{}
	}
	if due := r.at.Add(grace); now.Before(due) {
		return dst, due
	}
	return r.report(dst, false), time.Time{}
}

// Flush implements stage.Flusher: the last report, which says so.
func (r *reporter) Flush(dst []*lines.Text) []*lines.Text {
	if r.ended {
		return dst
	}
	r.ended = true
	r.at = later(r.at, r.lane.Now())
	return r.report(dst, true)
}

func (r *reporter) report(dst []*lines.Text, final bool) []*lines.Text {
	rep := Report{At: r.at, Final: final}
	for _, s := range r.parts {
		if s == nil {
			continue
		}
		rep.Packets += s.packets
		rep.Bytes += s.bytes
		rep.Flows += s.flows
		rep.Top = append(rep.Top, s.top...)
	}
	rep.Top = best(rep.Top, int(r.server.top.Load()))
	if passed := r.at.Sub(r.done).Seconds(); !r.done.IsZero() && passed > 0 {
		rep.Rate = float64(rep.Packets-r.prev) / passed
	}
	r.done, r.prev, r.fresh = r.at, rep.Packets, false
	var text []byte
	if r.server.cfg.JSON {
		text = rep.appendJSON(nil)
	} else {
		text = rep.appendText(nil)
	}
	t := r.arena.New()
	t.Bytes = slices.Clip(text)
	return append(dst, t)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Params implements stage.Tunable.
func (r *reporter) Params() []stage.Param {
	top := &r.server.top
	return []stage.Param{{Name: "top", Get: func() string { return strconv.FormatInt(top.Load(), 10) }, Set: func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > MaxTop {
			return fmt.Errorf("top wants a whole number from 1 to %d, not %q", MaxTop, v)
		}
		top.Store(int64(n))
		return nil
	}}}
}
