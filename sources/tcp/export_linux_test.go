package tcp

import (
	"unsafe"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/internal/uring"
	"github.com/leat-io/leat/stage"
)

// LinkSize is what a connection at rest costs, in bytes.
const LinkSize = unsafe.Sizeof(link{})

func init() {
	descriptorOf = func(s *Source, c *stage.Conn) int {
		if _, ok := s.engine.(*goroutines); ok {
			return int(connOf(c).fd)
		}
		return int(linkOf(c).fd)
	}
}

// first is the first loop of a source, once that has started.
func first(s *Source) *loop {
	r := s.engine.(*reactors)
	<-r.started
	return r.loops[0]
}

// Turns counts the turns of the first loop.
func Turns(s *Source) uint64 {
	n, _ := first(s).events.Turns()
	return n
}

// Ended is closed when all loops have ended.
func Ended(s *Source) <-chan struct{} { return s.engine.(*reactors).ended }

// A task is run on a loop.
type task func()

func (f task) Run() { f() }

// ReadAndEnd lets a connection of a loop send something, be read, and be ended because of err, all in one turn.
func ReadAndEnd(c *stage.Conn, send func(), err error) {
	l := linkOf(c)
	l.loop.events.Post(task(func() {
		send()
		l.Ready(reactor.In)
		c.Fail(err)
		l.Run()
	}))
}

// Spin keeps the first loop from sleeping until over is closed.
func Spin(s *Source, over <-chan struct{}) {
	l := first(s)
	var again task
	again = func() {
		select {
		case <-over:
		default:
			l.events.Post(again)
		}
	}
	l.events.Post(again)
}

// Rounds calls send on the first loop, tells those that it returns that there is something to read, and turns, n times.
func Rounds(s *Source, n int, send func(i int) []*stage.Conn) {
	l, done := first(s), make(chan struct{})
	l.events.Post(task(func() {
		defer close(done)
		for i := range n {
			for _, c := range send(i) {
				linkOf(c).Ready(reactor.In)
			}
			l.Turn()
		}
	}))
	<-done
}

// RefuseUring makes a source with the engine IOUring one whose system refuses it.
func RefuseUring(s *Source, why error) {
	s.engine.(*reactors).ring = func(uring.Handler) (*uring.Ring, error) { return nil, why }
}

// UringRefusal is why this system refuses io_uring, or nil.
func UringRefusal() error {
	r, err := uring.Open(nil)
	if err == nil {
		r.Close()
	}
	return err
}
