package load

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// goroutines are the driver that has a goroutine for each user, and one more for connections of which nothing is known.
type goroutines struct {
	cfg     Config
	workers []worker
	kernel  bool  // the connections are sockets
	pool    *pool // nil if each user has a connection of its own

	mu     sync.Mutex
	dialed []dialed // guarded by mu; those that nobody has yet
}

// A dialed is a connection and the number of the address that it is to.
type dialed struct {
	nc     net.Conn
	target int
}

// A worker is a client with goroutines.
type worker interface {
	client
	start(all *sync.WaitGroup)
	cancel() // the context has ended
}

// open implements driver.
func (g *goroutines) open(ctx context.Context, target int) (took time.Duration, err error) {
	began := time.Now()
	nc, err := g.cfg.dial(ctx, target)
	if err != nil {
		return 0, err
	}
	took = time.Since(began)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dialed = append(g.dialed, dialed{nc, target})
	return took, nil
}

// seat implements driver.
func (g *goroutines) seat(r *run) {
	g.kernel = inKernel(g.dialed[0].nc)
	if g.cfg.pooled() {
		g.pool = newPool(g.cfg, g.dialed, &r.shared)
		for id := range g.cfg.Conns {
			g.add(r, newBorrower(r, id, g.pool))
		}
	} else {
		for id, d := range g.dialed {
			g.add(r, newConn(r, id, d))
		}
	}
	g.dialed = nil
}

func (g *goroutines) add(r *run, w worker) {
	g.workers = append(g.workers, w)
	r.clients = append(r.clients, w)
}

// drive implements driver.
func (g *goroutines) drive(r *run) {
	var all sync.WaitGroup
	for _, w := range g.workers {
		w.start(&all)
	}
	if r.open() {
		r.pace(&all, g.kernel)
	}
	stop := context.AfterFunc(r.ctx, func() {
		for _, w := range g.workers {
			w.cancel()
		}
		if g.pool != nil {
			g.pool.close()
		}
	})
	defer stop()
	all.Wait()
}

// close implements driver.
func (g *goroutines) close() {
	for _, d := range g.dialed {
		d.nc.Close()
	}
	if g.pool != nil {
		g.pool.close()
	}
}

// inKernel reports whether nc is a socket, perhaps below TLS. What is not has a clock of its own, that of testing/synctest for one.
func inKernel(nc net.Conn) bool {
	if outer, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = outer.NetConn()
	}
	_, ok := nc.(syscall.Conn)
	return ok
}
