package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// A place is where a far gateway is, or is not.
type place struct {
	mu    sync.Mutex
	srv   *muxnet.Server // nil while there is none
	tries []time.Time
}

func (p *place) dial(ctx context.Context) (*muxnet.Conn, error) {
	p.mu.Lock()
	p.tries = append(p.tries, time.Now())
	srv := p.srv
	p.mu.Unlock()
	if srv == nil {
		return nil, errors.New("nobody listens")
	}
	near, far := net.Pipe()
	if _, err := srv.ServeConn(far); err != nil {
		return nil, err
	}
	c, err := muxnet.Client(near)
	if err != nil {
		return nil, err
	}
	return c, c.Ready(ctx)
}

// open puts a server there whose streams last until it is closed.
func (p *place) open() *muxnet.Server {
	srv := &muxnet.Server{Logger: silent, Handler: func(s *muxnet.Stream) { <-s.Conn().Done() }}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.srv = srv
	return srv
}

func (p *place) close() {
	p.mu.Lock()
	srv := p.srv
	p.srv = nil
	p.mu.Unlock()
	_ = srv.Close()
}

// linked runs f with a link to a place, in time that only passes when everybody waits.
func linked(t *testing.T, f func(t *testing.T, p *place, l *links)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		l := newLinks(p.dial, 1, silent)
		ctx, end := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { l.run(ctx) })
		f(t, p, l)
		end()
		running.Wait()
	})
}

func openWithin(t *testing.T, l *links, d time.Duration) (*muxnet.Stream, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return l.open(ctx, new(mux.Opening))
}

func TestAStreamWaitsForTheFarGateway(t *testing.T) {
	linked(t, func(t *testing.T, p *place, l *links) {
		if _, err := openWithin(t, l, 3*time.Second); !errors.Is(err, errUnreached) {
			t.Errorf("without one: %v", err)
		}
		time.AfterFunc(time.Second, func() { p.open() })
		s, err := openWithin(t, l, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		p.close()
	})
}

func TestPausesBetweenAttemptsGrow(t *testing.T) {
	linked(t, func(t *testing.T, p *place, _ *links) {
		time.Sleep(10 * time.Minute)
		p.mu.Lock()
		defer p.mu.Unlock()
		if n := len(p.tries); n < 60 || n > 300 {
			t.Errorf("%d attempts in 10 minutes", n)
		}
		first, last := p.tries[1].Sub(p.tries[0]), p.tries[len(p.tries)-1].Sub(p.tries[len(p.tries)-2])
		if first > 2*firstPause || last < mostPause/2 || last > 2*mostPause {
			t.Errorf("the first pause is %v, the last %v", first, last)
		}
	})
}

func TestALinkIsMadeAgain(t *testing.T) {
	linked(t, func(t *testing.T, p *place, l *links) {
		for range 3 {
			p.open()
			s, err := openWithin(t, l, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			p.close()
			<-s.Conn().Done()
		}
	})
}

// A far gateway that takes no more streams keeps those that it has; new ones go elsewhere.
func TestStreamsStayOnAConnectionThatTakesNoMore(t *testing.T) {
	linked(t, func(t *testing.T, p *place, l *links) {
		old := p.open()
		s, err := openWithin(t, l, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // its OPEN has arrived
		limit, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		leaving := make(chan error, 1)
		go func() { leaving <- old.Shutdown(limit) }()
		time.Sleep(time.Second)
		p.open()
		other, err := openWithin(t, l, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if other.Conn() == s.Conn() || s.Conn().Err() != nil {
			t.Errorf("the old connection has ended with %v", s.Conn().Err())
		}
		if err := <-leaving; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the old one has ended with %v", err)
		}
		p.close()
	})
}
