package plainmux

import (
	"net"
	"sync"
	"time"
)

// A Conn is a connection that carries streams. Its methods may be called from any goroutine.
type Conn struct {
	framer *framer
	config Config
	client bool
	peer   []Pair // metadata of the other side

	closed chan struct{} // closed when the transport is
	change chan struct{} // the other side's KEEPALIVE has changed

	mu     sync.Mutex
	cond   *sync.Cond // anything below has changed
	mine   Settings
	theirs Settings
	err    error // why the connection has ended

	streams  map[uint32]*Stream // those that have not ended
	arrived  []*Stream          // not accepted yet
	latest   uint32             // the latest number of ours
	heard    uint32             // the latest number of theirs
	opened   int                // streams of ours that have not ended
	serving  int                // streams of theirs that have not ended or are still served
	lastOne  *uint32            // the number of the GOAWAY that was sent
	barred   *uint32            // the number of the GOAWAY that was received
	pings    map[uint64]time.Time
	pinged   map[uint64]time.Duration
	pingSeq  uint64
	rates    rates
	sendLeft uint64 // credit of the connection, to send
	sendMost uint64 // the total that it comes from
	received uint64 // bytes of DATA
	granted  uint64 // up to which total the other may send

	control  []Frame
	last     *Frame // the GOAWAY behind which nothing is sent
	sent     bool   // a frame since the keepalive looked
	times    [highestClass + 1]uint64
	finished chan struct{} // closed when the writer is done
}

// Client speaks as the side that opened the transport, and returns when the handshake is done. The transport is the Conn's own.
func Client(transport net.Conn, config Config) (*Conn, error) { return start(transport, config, true) }

// Server speaks as the side that was called, and returns when the handshake is done and the client is who it ought to be.
func Server(transport net.Conn, config Config) (*Conn, error) { return start(transport, config, false) }

func start(transport net.Conn, config Config, client bool) (*Conn, error) {
	config, err := config.filled()
	if err != nil {
		transport.Close()
		return nil, err
	}
	config.Features &= Checksums
	c := &Conn{
		framer: newFramer(transport), config: config, client: client, mine: *config.Settings,
		closed: make(chan struct{}), change: make(chan struct{}, 1), finished: make(chan struct{}),
		streams: map[uint32]*Stream{}, pings: map[uint64]time.Time{}, pinged: map[uint64]time.Duration{},
		rates: newRates(*config.Limits), granted: uint64(config.Settings.ConnectionWindow),
	}
	c.cond = sync.NewCond(&c.mu)
	g, err := c.framer.greet(config)
	if err == nil && !client && config.Authenticate != nil {
		if refusal := config.Authenticate(g.metadata); refusal != nil {
			err = fault(Unauthenticated, "%s", refusal)
		}
	}
	if err != nil {
		c.refuse(err)
		return nil, err
	}
	c.theirs, c.peer = g.settings, g.metadata
	c.sendLeft, c.sendMost = uint64(c.theirs.ConnectionWindow), uint64(c.theirs.ConnectionWindow)
	go c.writeAll()
	go c.readAll()
	go c.keepAlive()
	return c, nil
}

// Metadata is what the other side said about itself.
func (c *Conn) Metadata() []Pair { return c.peer }

// Done is closed when the transport of the connection is.
func (c *Conn) Done() <-chan struct{} { return c.closed }

// Err says why the connection has ended; nil while it has not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Accept returns the next stream that the other side has opened. Whoever serves it calls Close when it is done.
func (c *Conn) Accept() (*Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.arrived) == 0 {
		if c.err != nil {
			return nil, c.err
		}
		c.cond.Wait()
	}
	s := c.arrived[0]
	c.arrived = c.arrived[1:]
	return s, nil
}

// Update tells the other side new values of the two settings that may change: how many streams it may have open, and the
// milliseconds of silence after which the connection is taken for dead.
func (c *Conn) Update(maxStreams, keepalive uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !inBounds(nameMaxStreams, maxStreams) || !inBounds(nameKeepalive, keepalive) {
		return fault(Protocol, "MAX_STREAMS %d or KEEPALIVE %d is out of bounds", maxStreams, keepalive)
	}
	if c.err != nil {
		return c.err
	}
	c.mine.MaxStreams, c.mine.Keepalive = maxStreams, keepalive
	c.framer.clock.keepalive.Store(keepalive)
	c.push(Frame{Type: SettingsType, Payload: c.mine.append(nil, nameMaxStreams, nameKeepalive)})
	return nil
}

// Ping measures how long the other side takes to answer.
func (c *Conn) Ping() (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pingSeq++
	id := c.pingSeq
	c.pings[id] = time.Now()
	c.push(Frame{Type: Ping, Payload: u64(id)})
	for {
		if d, ok := c.pinged[id]; ok {
			delete(c.pinged, id)
			return d, nil
		}
		if c.err != nil {
			return 0, c.err
		}
		c.cond.Wait()
	}
}
