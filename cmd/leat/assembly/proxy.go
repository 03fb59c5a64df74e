package assembly

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/leat-io/leat/cmd/leat/redis"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Proxy says which proxy to assemble.
type Proxy struct {
	Mode       string // one of Modes
	Listen     string
	Loops      int // threads that serve clients and servers; 0 for one on each processor
	MaxMessage int // bytes of an argument
	Admission
	Limits   stage.Limits
	Drain    time.Duration
	Socket   Socket
	Password string // that clients must give; none when empty

	Proxied
	Pooled
	Tunnel
}

// Proxied is what may change while a proxy runs: the servers, and which of them serves what.
type Proxied struct {
	Servers      redis.List
	User, Secret string // of servers that name none
	Keys         redis.Keys
	Channels     string    // name of the server that has all channels; the first when empty
	Databases    int       // that SELECT may name
	ReadFrom     string    // one of redis.Reads
	Balance      string    // one of Balances: which one of several servers
	Zone, Region string    // of the proxy
	Eject        bool      // the keys of a server that is down belong to others meanwhile
	Discover     Discovery // where servers are found instead, if anywhere
	Names        Names     // of the mode tunnel: servers of those who ask for a name
	Allow, Deny  Networks
}

// Pooled is how connections to servers are used.
type Pooled struct {
	Pool         string // one of Pools
	Connections  int    // shared ones to a server, of each loop
	Depth        int    // requests in flight on a shared connection
	MaxOpen      int    // connections to a server
	MinIdle      int
	IdleTimeout  time.Duration
	MaxLifetime  time.Duration
	Connect      time.Duration // for a connection to be made
	Timeout      time.Duration // for a reply
	Patience     time.Duration // for which a request may wait for a connection of its own
	Retries      int           // of requests that may be sent again
	Idempotent   bool          // all requests of the mode frame may be: they may be served twice
	Fence        bool          // servers are not trusted to send one reply for each request
	CheckEvery   time.Duration // servers are asked whether they are alive; 0 never asks
	CheckTimeout time.Duration
	Fall, Rise   int // checks in a row that take a server out, and bring it back
}

// The words that the fields of Proxy understand.
var (
	Modes    = []string{"redis", "frame", "tunnel"}
	Pools    = []string{"pipelined", "exclusive", "none"}
	Balances = slices.Sorted(maps.Keys(balances))

	// ClientBalances are those of the modes that balance clients.
	ClientBalances = slices.Sorted(maps.Keys(clientBalances))
)

var balances = map[string]func() balance.Policy{
	"p2c": balance.P2C, "round-robin": balance.RoundRobin, "weighted": balance.Weighted, "least-conn": balance.LeastConn, "random": balance.Random,
	"peak-ewma": func() balance.Policy { return balance.PeakEWMA() },
}

// DefaultProxy has no servers yet. It divides the keys evenly, which the settings that are usual with twemproxy do not: of keys
// that are short and alike, fnv1a_64 puts most next to each other on the ring of ketama, and often all of them on one server.
func DefaultProxy() Proxy {
	limits := stage.DefaultLimits
	limits.OutHard = 256 << 20 // values may be long
	limits.Idle = 0            // and clients may listen for long
	l := pool.DefaultLimits
	return Proxy{
		Mode: "redis", Listen: "127.0.0.1:6380", MaxMessage: 64 << 20, Admission: Admission{MaxConns: tcp.DefaultMaxConns}, Limits: limits, Drain: pipeline.DefaultDrain, Socket: defaultSocket,
		Proxied: Proxied{
			Keys: redis.Keys{Hash: "xxhash", Distribution: "maglev", Tag: "{}"}, Databases: 16, ReadFrom: string(redis.FromPrimary), Balance: "p2c",
		},
		Pooled: Pooled{
			Pool: "pipelined", Connections: 1, Depth: 1024, Fence: true, MaxOpen: l.MaxOpen, MinIdle: l.MinIdle, IdleTimeout: l.IdleTimeout, MaxLifetime: l.MaxLifetime,
			Connect: time.Second, Timeout: 5 * time.Second, Patience: time.Second, Retries: 2, CheckEvery: time.Second, CheckTimeout: 750 * time.Millisecond, Fall: 3, Rise: 2,
		},
		Tunnel: defaultTunnel,
	}
}

// StandIn gives c a server at an address where nobody listens: one without servers can be checked and drawn, and not run.
func (c *Proxied) StandIn() {
	const tcpmux = "127.0.0.1:1" // a reserved port (RFC 6335, 6) of a service that nobody runs (RFC 1078)
	c.Servers = redis.List{{Server: redis.Server{Name: "stand-in", Address: tcpmux}}}
}

// Validate says everything that is wrong with c.
func (c *Proxy) Validate() error {
	return errors.Join(
		word("mode", c.Mode, Modes),
		within("loops", c.Loops, 0, 1024),
		within("the longest argument", c.MaxMessage, 1, 512<<20),
		c.validateAdmission(),
		within("the drain time", c.Drain, time.Millisecond, 24*time.Hour),
		c.Limits.Validate(),
		c.validateFor(c.Mode),
		c.Pooled.validate(),
		c.Tunnel.validate(),
		c.ServerTLS.validate(c.everybody()),
	)
}

// Validate says everything that is wrong with c.
func (c *Proxied) Validate() error {
	errs := []error{
		word("hash", c.Keys.Hash, redis.HashNames()),
		word("distribution", c.Keys.Distribution, redis.DistributionNames()),
		word("place to read from", c.ReadFrom, redis.Reads),
		word("balance", c.Balance, Balances),
		within("databases", c.Databases, 1, 1<<16),
	}
	if c.ReadFrom == string(redis.FromNearest) && c.Zone == "" {
		errs = append(errs, errors.New("to read from the nearest server the proxy must know its zone"))
	}
	if len(c.Servers) == 0 {
		errs = append(errs, errors.New("there are no servers: name some with --servers, or in a file"))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := c.routing()
	return err
}

func (c *Pooled) validate() error {
	limits := c.limits()
	return errors.Join(
		word("way to use connections", c.Pool, Pools),
		within("shared connections", c.Connections, 1, 64),
		within("requests in flight on a connection", c.Depth, 1, 1<<20),
		limits.Validate(),
		within("the time for a reply", c.Timeout, time.Millisecond, time.Hour),
		within("the time for which a request may wait for a connection", c.Patience, time.Millisecond, time.Hour),
		within("retries", c.Retries, 0, 10),
		within("the time between two checks", c.CheckEvery, 0, time.Hour),
		within("the time for a check", c.CheckTimeout, time.Millisecond, time.Hour),
		within("checks that take a server out", c.Fall, 1, 100),
		within("checks that bring a server back", c.Rise, 1, 100),
	)
}

func (c *Pooled) limits() pool.Limits {
	l := pool.DefaultLimits
	l.MaxOpen, l.MaxIdle, l.MinIdle = c.MaxOpen, c.MaxOpen, c.MinIdle
	l.IdleTimeout, l.MaxLifetime, l.DialTimeout = c.IdleTimeout, c.MaxLifetime, c.Connect
	return l
}

func (c *Pooled) mode() pool.Mode {
	switch c.Pool {
	case "exclusive":
		return pool.Exclusive()
	case "none":
		return pool.None()
	}
	return pool.Pipelined(c.Connections, c.Depth)
}

func (c *Pooled) fence() *pool.Fence {
	if c.Fence {
		return redis.Fence()
	}
	return nil
}

func (c *Proxied) routing() (*redis.Routing, error) {
	return redis.NewRouting(c.Servers, c.Keys, c.Channels)
}

// policy says who of a shard serves a request.
func (c *Proxied) policy() balance.Policy {
	inner := balances[c.Balance]()
	if c.ReadFrom == string(redis.FromNearest) {
		inner = balance.Zones(c.Zone, c.Region, inner)
	}
	return redis.ByShard(redis.ReadFrom(c.ReadFrom), inner)
}

// named are the servers by name, with what they inherit.
func (c *Proxied) named() map[string]redis.Server {
	all := map[string]redis.Server{}
	add := func(s redis.Server) {
		if s.Password == "" {
			s.User, s.Password = cmp.Or(s.User, c.User), c.Secret
		}
		all[s.Name] = s
	}
	for _, s := range c.Servers {
		add(s.Server)
		for _, r := range s.Replicas {
			add(r)
		}
	}
	return all
}

func (c *Proxy) requests() resp.Limits {
	return resp.Limits{Bulk: c.MaxMessage, Total: min(2*max(c.MaxMessage, 64<<20), 1<<30)}
}
