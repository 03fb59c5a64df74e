package streams

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/stage"
)

// Session keeps the sessions of the connections that the lane reads: it takes every frame in its order, writes what the protocol answers by
// itself, and passes on what was sent on streams. What breaks the protocol ends its connection, with a code that tells the client why.
//
// When the pipeline stops clients are told to open no more streams, and the source reads on until those that are open have ended, or half of the
// drain time is over.
func (m *Mux) Session() stage.Maker[Frame, Message] {
	return func(l *stage.Lane) stage.Stage[Frame, Message] {
		r := &receiver{mux: m, lane: l, arena: stage.NewArena[Message](l)}
		if old, ok := m.lanes.Swap(l, r); ok { // it is replaced; connections go on
			r.links, r.heard = old.(*receiver).links, old.(*receiver).heard
		}
		l.OnEnd(r.flush)
		return r
	}
}

// A receiver is the reading lane's.
type receiver struct {
	mux     *Mux
	lane    *stage.Lane
	arena   *stage.Arena[Message]
	links   []*link
	heard   []*link // in this batch
	ticked  time.Time
	leaving bool // no more streams are taken
	dst     []*Message
	at      int // index of the frame that is dealt with
}

// Process implements [stage.Stage].
func (r *receiver) Process(dst []*Message, src []*Frame) ([]*Message, error) {
	r.dst = dst
	for len(src) > 0 {
		src = src[r.run(src):]
	}
	dst, r.dst = r.dst, nil
	return dst, nil
}

// run deals with frames until the end or until somebody's Authenticate panics; it reports how many are dealt with.
func (r *receiver) run(src []*Frame) (n int) {
	defer func() {
		if v := recover(); v != nil {
			r.lane.Panicked(v, &src[r.at].Head)
			n = r.at + 1
		}
	}()
	for i, f := range src {
		r.at = i
		r.frame(f)
	}
	return len(src)
}

func (r *receiver) frame(f *Frame) {
	l := r.link(f.Conn())
	if l == nil || l.over.Load() {
		return
	}
	if l.reader != r || l.batch != r.lane.Batch() {
		l.reader, l.batch = r, r.lane.Batch()
		l.session.Heard()
		r.heard = append(r.heard, l)
	}
	l.frame = f
	err := f.Err
	switch {
	case err != nil:
	case f.Header == 0:
		err = l.session.Preface(f.Payload)
	default:
		err = l.session.Frame(&f.Frame)
	}
	l.frame = nil
	if err != nil {
		r.end(l, err)
	}
}

// link returns what is kept of a connection.
func (r *receiver) link(c *stage.Conn) *link {
	if l, ok := c.Reading.Session.(*link); ok {
		return l
	}
	l := &link{conn: c, most: r.mux.config.MaxMessage, begun: time.Now()}
	s, err := r.mux.begin(l)
	if err != nil { // it was tried when the stage was made
		c.Fail(err)
		return nil
	}
	l.session = s
	c.Reading.Session = l
	r.links = append(r.links, l)
	if r.leaving {
		_ = s.Leave(leaving) // written behind the batch
		l.due = true
	}
	return l
}

// end ends a connection, with GOAWAY if the client does not know why. That is written here, whoever else is about to write: they may come when the
// connection is closed.
func (r *receiver) end(l *link, why error) {
	l.over.Store(true)
	_ = l.session.End(why)
	r.lane.Pump(l.conn, l.session)
	l.conn.Finish(reason(why))
}

// reason is why, with what it counts as.
func reason(why error) error {
	e, ok := errors.AsType[*mux.Error](why)
	switch {
	case !ok || e.Remote || e.Code == mux.Unauthenticated:
		return why
	case e.Code == mux.Timeout:
		return fmt.Errorf("%w: %w", stage.ErrIdle, why)
	}
	return fmt.Errorf("%w: %w", stage.ErrMalformed, why)
}

// flush writes what the batch has made the sessions say, unless somebody else is about to.
func (r *receiver) flush() {
	for i, l := range r.heard {
		if l.due || l.session.Flush() {
			r.lane.Pump(l.conn, l.session)
		}
		l.due = false
		r.heard[i] = nil
	}
	r.heard = r.heard[:0]
}

// pace is how often sessions look at the clock: a quarter of the shortest keepalive that a client may ask for.
const pace = 250 * time.Millisecond

// held is the time between two looks at the clock behind which the lane could not read: a queue was full, or a stage took long. Clients are not
// taken for dead because of that.
const held = 4 * pace

// handshake is how long a client has from its preface to its settings; section 1 of the specification.
const handshake = 5 * time.Second

// Tick implements [stage.Ticker].
func (r *receiver) Tick(dst []*Message, now time.Time) ([]*Message, time.Time) {
	excused := now.Sub(r.ticked) > held
	r.ticked = now
	left := r.links[:0]
	for _, l := range r.links {
		if l.gone.Load() {
			continue
		}
		left = append(left, l)
		if excused {
			l.session.Heard()
		}
		if l.over.Load() {
			continue
		}
		flush, err := l.session.Tick(now)
		if err == nil && now.Sub(l.begun) > handshake && !l.session.Ready() {
			err = &mux.Error{Code: mux.Timeout, Text: "the settings have not come in time"}
		}
		if flush {
			r.lane.Pump(l.conn, l.session)
		}
		if err != nil {
			r.end(l, err)
		}
	}
	clear(r.links[len(left):])
	if r.links = left; len(left) == 0 {
		return dst, time.Time{}
	}
	return dst, now.Add(pace)
}

// Leave implements [stage.Leaver].
func (r *receiver) Leave() (waiting int) {
	r.leaving = true
	for _, l := range r.links {
		if l.gone.Load() || l.over.Load() {
			continue
		}
		if l.session.Leave(leaving) {
			r.lane.Pump(l.conn, l.session)
		}
		waiting += l.session.State().Theirs
	}
	return waiting
}

// leaving is what clients are told with GOAWAY.
const leaving = "the server stops"

// Params implements [stage.Tunable].
func (r *receiver) Params() []stage.Param {
	count := func(f func(session.State) int) func() string {
		return func() string {
			n := 0
			for _, l := range r.links {
				n += f(l.session.State())
			}
			return strconv.Itoa(n)
		}
	}
	return []stage.Param{
		{Name: "connections", Get: count(func(session.State) int { return 1 })},
		{Name: "streams", Get: count(func(s session.State) int { return s.Theirs })},
	}
}

// A link is what is kept of a connection. It is the session's [session.User].
type link struct {
	conn    *stage.Conn
	session *session.Session
	most    int         // bytes of a message
	begun   time.Time   // when the preface came
	gone    atomic.Bool // the connection has ended
	over    atomic.Bool // the session was ended, by who reads or by the lane that keeps the time of it

	// Of whoever reads: one lane after the other, where a source has connections read by any.
	reader *receiver // who has heard it last
	batch  uint32    // in which
	frame  *Frame    // that is dealt with
	due    bool      // this lane writes what there is, behind the batch
}

// Closed implements [stage.Closer].
func (l *link) Closed(reason error) {
	if reason == nil {
		reason = session.ErrEnded
	}
	_ = l.session.End(reason)
	l.gone.Store(true)
}

// Accept implements [session.User].
func (l *link) Accept(o *mux.Opening) (*session.Stream, error) {
	return &newStream(l, o, l.most).core, nil
}

// Freed implements [session.User].
func (l *link) Freed() {}

// Paced implements [session.User].
func (l *link) Paced() {}
