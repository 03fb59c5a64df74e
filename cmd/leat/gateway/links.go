package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

// links are connections to the far gateway, each of which is made again when it has ended.
type links struct {
	dial func(context.Context) (*muxnet.Conn, error)
	log  *slog.Logger

	mu      sync.Mutex
	conns   []*muxnet.Conn // guarded by mu: nil where there is none
	changed chan struct{}  // guarded by mu: closed when one of them changes
	ended   sync.WaitGroup
}

func newLinks(dial func(context.Context) (*muxnet.Conn, error), n int, log *slog.Logger) *links {
	return &links{dial: dial, log: log, conns: make([]*muxnet.Conn, n), changed: make(chan struct{})}
}

// Pauses between attempts to connect: they begin short, because most far ends that are gone are being started again, and stay so short that
// nobody waits long for one that is back.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 5 * time.Second
)

// run keeps the connections until ctx ends, and then closes them, and those before them whose streams had not ended.
func (l *links) run(ctx context.Context) {
	var all sync.WaitGroup
	for i := range l.conns {
		all.Go(func() { l.keep(ctx, i) })
	}
	all.Wait()
	l.ended.Wait()
}

// keep keeps the connection i.
func (l *links) keep(ctx context.Context, i int) {
	for {
		pauses := backoff.NewExponentialBackOff()
		pauses.InitialInterval, pauses.MaxInterval = firstPause, mostPause
		c, err := backoff.Retry(ctx, func() (*muxnet.Conn, error) { return l.dial(ctx) }, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0),
			backoff.WithNotify(func(err error, pause time.Duration) {
				l.log.Warn("the far gateway cannot be reached", "error", err, "again in", pause)
			}))
		if err != nil {
			return // ctx has ended
		}
		l.log.Info("connected to the far gateway", "peer", c.RemoteAddr().String())
		l.ended.Go(func() {
			select {
			case <-c.Done():
			case <-ctx.Done():
				_ = c.Close()
			}
		})
		l.use(i, c)
		if l.follow(ctx, i, c); ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(firstPause): // also behind a far end that accepts and ends at once
		case <-ctx.Done():
			return
		}
	}
}

// follow waits until c is not used any more.
func (l *links) follow(ctx context.Context, i int, c *muxnet.Conn) {
	for {
		l.mu.Lock()
		used, changed := l.conns[i] == c, l.changed
		l.mu.Unlock()
		if !used {
			l.log.Info("the far gateway takes no more streams on this connection", "peer", c.RemoteAddr().String())
			return
		}
		select {
		case <-c.Done():
			l.log.Warn("the connection to the far gateway has ended", "error", c.Err())
			l.leave(c)
			return
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// use has streams opened on c.
func (l *links) use(i int, c *muxnet.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[i] = c
	l.change()
}

// leave has no more streams opened on c.
func (l *links) leave(c *muxnet.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.conns {
		if l.conns[i] == c {
			l.conns[i] = nil
			l.change()
		}
	}
}

func (l *links) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// up is how many connections there are.
func (l *links) up() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		if c != nil {
			n++
		}
	}
	return n
}

// least is the connection with the fewest streams, or nil and what is closed when there may be one.
func (l *links) least() (best *muxnet.Conn, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	few := 0
	for _, c := range l.conns {
		if c == nil {
			continue
		}
		if n := c.State().Ours; best == nil || n < few {
			best, few = c, n
		}
	}
	return best, l.changed
}

// open opens a stream, and waits for a connection if there is none.
func (l *links) open(ctx context.Context, o *mux.Opening) (*muxnet.Stream, error) {
	for {
		c, changed := l.least()
		if c == nil {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return nil, errUnreached
			}
		}
		s, err := c.OpenAs(ctx, o)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, errFull
		}
		l.leave(c)
	}
}

var (
	errUnreached = errors.New("the far gateway cannot be reached")
	errFull      = errors.New("the far gateway has as many streams open as it takes")
)
