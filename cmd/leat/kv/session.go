package kv

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// A session is what a connection has agreed with the server. It belongs to the lane that reads the connection, but for what
// is marked.
type session struct {
	server  *Server
	conn    *stage.Conn
	began   time.Time
	trusted bool // it has given the password, or none is needed
	quit    bool // nothing more is to be answered

	version atomic.Uint32           // of the protocol; publishers read it
	latest  atomic.Int64            // when the latest command came, Unix time in milliseconds
	command atomic.Pointer[command] // the latest

	mu                sync.Mutex // guards what follows, for CLIENT LIST
	name, lib, libver string

	channels, patterns map[string]struct{} // subscribed to
	names              int                 // bytes of their names
}

// session follows the commands of each connection, in the order in which they were sent. It refuses what may not run, and
// answers what concerns the connection itself.
func (s *Server) session(l *stage.Lane) stage.Stage[Call, Call] {
	d := &doorman{server: s, talk: talk{lane: l}, exec: exec{server: s, lane: l}}
	d.Resumable = each(l, d.keep)
	return d
}

type doorman struct {
	stage.Resumable[Call] // keeps calls
	server                *Server
	talk                  talk
	exec                  exec
	now                   int64 // Unix time in milliseconds when the batch began
}

// Process implements stage.Stage.
func (d *doorman) Process(_, src []*Call) ([]*Call, error) { return stage.Guarded(d, src), nil }

// Try implements stage.Resumable.
func (d *doorman) Try(src []*Call) []*Call {
	d.now = d.talk.lane.Now().UnixMilli()
	d.server.commands.Add(uint64(len(src)))
	return d.Resumable.Try(src)
}

// keep serves c, which ends here if its answer is silent.
func (d *doorman) keep(c *Call) bool {
	d.call(c)
	return c.reply.kind != silent
}

// each goes through batches with a function that says whether a call goes on.
func each(l *stage.Lane, keep func(*Call) bool) stage.Resumable[Call] {
	return stage.Filter(keep)(l).(stage.Resumable[Call])
}

// of returns the session of a connection, which begins with its first command.
func (s *Server) of(c *stage.Conn) *session {
	if x, ok := c.Reading.Session.(*session); ok {
		return x
	}
	x := &session{server: s, conn: c, began: time.Now(), trusted: s.cfg.Password == ""}
	x.version.Store(uint32(resp.RESP2))
	c.Reading.Session = x
	s.mu.Lock()
	s.sessions[c.ID()] = x
	s.mu.Unlock()
	return x
}

// Closed implements stage.Closer.
func (x *session) Closed(error) {
	x.server.bus.leave(x)
	x.server.mu.Lock()
	delete(x.server.sessions, x.conn.ID())
	x.server.mu.Unlock()
}

// call answers c if that is possible here.
func (d *doorman) call(c *Call) {
	x := d.server.of(c.Conn())
	if x.quit {
		c.reply.kind = silent
		return
	}
	c.version, c.now = resp.Version(x.version.Load()), d.now
	spec := c.command()
	switch {
	case spec == nil:
		c.refuse(dialect.Unknown(&c.Command))
	case !spec.takes(c.Len()):
		c.refuse(dialect.WrongNumber(spec.name))
	case !x.trusted && spec.is&early == 0:
		c.refuse(dialect.NoAuth)
	case len(x.channels)+len(x.patterns) > 0 && c.version == resp.RESP2 && spec.is&listening == 0:
		c.refuse(dialect.Listening(spec.name))
	case spec.is&grows != 0 && d.server.cfg.Workers > 1 && c.divisible() && d.server.keys.full():
		c.refuse(errMemory) // a piece of it could not refuse alone
	default:
		d.admit(x, c)
	}
}

// admit runs a command here if it is about the connection, and says where it is to run if it is about data.
func (d *doorman) admit(x *session, c *Call) {
	if c.now-x.latest.Load() > 100 {
		x.latest.Store(c.now)
	}
	if x.command.Load() != c.spec {
		x.command.Store(c.spec)
	}
	if c.spec.talk != nil {
		d.talk.session, d.talk.Call = x, c
		c.spec.talk(&d.talk)
		return
	}
	if d.server.cfg.Workers > 1 && c.spec.is&lonely != 0 {
		d.exec.run(c)
		return
	}
	if c.spec.first > 0 {
		c.hash = stage.Hash(c.Arg(c.spec.first))
	}
}
