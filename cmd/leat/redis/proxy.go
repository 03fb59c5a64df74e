package redis

import (
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stage"
)

// Config is what a proxy needs besides a pool. All of it may change while it runs.
type Config struct {
	Routing   *Routing
	Password  string // that a client must give before anything else; none when empty
	Databases int    // that SELECT may name
}

// A Proxy serves clients. Its servers are in a pool that it is assembled with.
type Proxy struct {
	settings atomic.Pointer[settings]
	forget   func(*stage.Conn) // ends what a client holds of the pool
	began    time.Time
	mark     []byte // of what is sent through tunnels

	subscribers subscribers

	clients  atomic.Int64  // that have sent something and are connected
	requests atomic.Uint64 // so far
	reloads  atomic.Uint64
}

// settings are a Config as sessions read it, once for each batch.
type settings struct {
	routing   *Routing
	password  string
	databases int
}

// New makes a proxy. forget is told of clients that have ended.
func New(c Config, forget func(*stage.Conn)) *Proxy {
	p := &Proxy{forget: forget, began: time.Now(), mark: newMark()}
	p.settings.Store(&settings{c.Routing, c.Password, c.Databases})
	p.subscribers = subscribers{at: c.Routing.home, conns: map[*stage.Conn]struct{}{}}
	return p
}

// Apply replaces the configuration for requests that are decoded from now on. Clients that have given the former password stay
// trusted. Those that have subscribed are closed when the channels are on another server than before, so that they subscribe
// again there; moved is how many.
func (p *Proxy) Apply(c Config) (moved int) {
	p.settings.Store(&settings{c.Routing, c.Password, c.Databases})
	p.reloads.Add(1)
	return p.subscribers.move(c.Routing.home)
}

// Routing is the present one.
func (p *Proxy) Routing() *Routing { return p.settings.Load().routing }
