package kv

import (
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// Serve declares what becomes of the bytes that clients send. The queue stands before the workers, if there are any.
// Journal takes the commands that have changed data, in the order in which they did; it is nil when there is none.
func (s *Server) Serve(in *pipeline.Flow[stage.Segment], mk queue.Maker[Call], journal stage.SinkMaker[Call], opts ...queue.Option) {
	if journal != nil && s.cfg.Workers != 1 {
		panic("kv: a journal is one order; it must have one worker")
	}
	calls := in.
		Via("decode", codec.Decode(s.requests(), codec.Alone(s.alone))).
		Via("session", s.session)
	if s.cfg.Workers == 0 {
		calls.Via("commands", s.runner(false)).To("reply", sinks.Reply(encoder{}))
		return
	}
	data, answered := calls.Branch("data", func(c *Call) bool { return c.reply.kind == none })
	if s.cfg.Workers > 1 {
		data = data.Via("split", stage.Split(divide))
	}
	done := data.
		Shard("by key", s.cfg.Workers, func(c *Call) uint64 { return c.hash }, mk, opts...).
		Via("commands", s.runner(false))
	if s.cfg.Workers > 1 {
		done = done.Via("gather", stage.Gather[Call]())
	}
	if journal != nil {
		var copies *pipeline.Flow[Call]
		done, copies = done.Tee("record")
		copies.Via("changes", stage.Filter((*Call).isChange)).To("journal", journal)
	}
	pipeline.Merge(done, answered).To("reply", sinks.Reply(encoder{}))
}

// Load declares how a journal is repeated: the same commands, run by the same stage, with nobody to answer.
func (s *Server) Load(in *pipeline.Flow[stage.Segment]) {
	in.Via("decode", codec.Decode(requests{resp.Request(recorded)})).
		Via("prepare", stage.Do(s.prepare)).
		Via("commands", s.runner(true)).
		To("end", sinks.Discard[Call]())
}

// recorded bounds a command in a journal: whatever was accepted, with other limits perhaps, must be readable.
var recorded = resp.Limits{Bulk: MaxString, Total: 1 << 30}

func (s *Server) requests() requests { return requests{resp.Request(s.cfg.Limits)} }

// alone says which commands run when nothing else of their connection does: those that workers could overtake, and those
// after which messages may come that nobody has asked for.
func (s *Server) alone(c *Call) bool {
	spec := c.command()
	return spec != nil && spec.is&lonely != 0 && (spec.talk != nil || s.cfg.Workers > 1)
}

func (c *Call) isChange() bool { return c.wrote || c.effect != nil }

// prepare is what a session does for the commands of a client. Who wrote the journal has checked them.
func (s *Server) prepare(c *Call) {
	if c.command() == nil || c.spec.run == nil || !c.spec.takes(c.Len()) {
		c.Fail(errJournal)
		c.reply.kind = silent
		return
	}
	if c.spec.first > 0 {
		c.hash = stage.Hash(c.Arg(c.spec.first))
	}
}

var errJournal = &stage.Reason{Label: "journal"}

// runner runs commands on the lane that owns their keys.
func (s *Server) runner(load bool) stage.Maker[Call, Call] {
	return func(l *stage.Lane) stage.Stage[Call, Call] {
		e := &expirer{runner: runner{server: s, exec: exec{server: s, lane: l, load: load}}, arena: stage.NewArena[Call](l)}
		e.Resumable = each(l, e.keep)
		if load {
			return &e.runner
		}
		return e
	}
}

type runner struct {
	stage.Resumable[Call] // keeps calls
	server                *Server
	exec                  exec
}

// keep runs c, if it has not been answered. It ends here if its answer is silent.
func (r *runner) keep(c *Call) bool {
	if c.reply.kind == none {
		r.exec.run(c)
	}
	return c.reply.kind != silent
}

// An expirer also removes keys whose time has come and that nobody asks for, as Redis does: it looks at some of those that
// have a time, again at once while a quarter of them had expired, and never for long.
type expirer struct {
	runner
	arena *stage.Arena[Call]
}

const (
	expiryEvery = 100 * time.Millisecond
	expirySome  = 20  // keys of a partition that are looked at together
	expiryMost  = 400 // keys that are removed in one turn
)

// Tick implements stage.Ticker. One lane does it for all: partitions have locks.
func (e *expirer) Tick(dst []*Call, now time.Time) ([]*Call, time.Time) {
	if !e.server.sweeping.CompareAndSwap(false, true) {
		return dst, now.Add(expiryEvery)
	}
	defer e.server.sweeping.Store(false)
	ms := now.UnixMilli()
	if since := ms - e.server.swept.Load(); 0 <= since && since < expiryEvery.Milliseconds()/2 { // a clock may go back
		return dst, now.Add(expiryEvery)
	}
	e.server.swept.Store(ms)
	c := e.arena.New()
	c.now, c.reply.kind = ms, silent
	e.exec.Call = c
	room := expiryMost
	for i := range e.server.keys.parts {
		room -= e.exec.expireSome(&e.server.keys.parts[i], room)
	}
	if c.effect == nil {
		return dst, now.Add(expiryEvery)
	}
	return append(dst, c), now.Add(expiryEvery)
}

// expireSome removes at most so many of the expired keys of a partition, and says how many.
func (x *exec) expireSome(p *part, most int) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n < most {
		seen, gone := 0, 0
		for it := range p.timed {
			if it.at <= x.now {
				x.expire(p, it)
				gone++
			}
			if seen++; seen == expirySome {
				break
			}
		}
		if n += gone; gone <= seen/4 {
			break
		}
	}
	return n
}

// JournalEncoder writes what is to be repeated.
func JournalEncoder() stage.Encoder[Call] { return recorder{resp.Request(recorded)} }

type recorder struct{ codec *resp.RequestCodec }

// Append implements stage.Encoder.
func (r recorder) Append(b []byte, c *Call) ([]byte, error) {
	b = append(b, c.effect...)
	if !c.wrote {
		return b, nil
	}
	return r.codec.Append(b, &c.Command)
}
