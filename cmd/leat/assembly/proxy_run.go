package assembly

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/leat-io/leat/cmd/leat/redis"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/discovery"
	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
)

// A RunningProxy is a proxy with what it needs beside the pipeline.
type RunningProxy struct {
	Pipeline *pipeline.Pipeline
	Source   Listening
	Pool     *pool.Pool // nil in the mode tunnel
	Requests string     // the node whose output are the requests, or the connections

	Certificates *tlsconf.Live // that clients are shown; nil without TLS

	mode    string
	proxy   *redis.Proxy // of the mode redis
	tunnels *tunnels     // of the mode tunnel
	finder  *finder      // nil when the servers are named
	policy  *exchangeable
	servers atomic.Pointer[map[string]redis.Server]
	log     *slog.Logger

	mu  sync.Mutex // held while a configuration is applied
	now Proxied    // guarded by mu
}

// Listening is a source that has an address, and whose socket another process can take over.
type Listening interface {
	syscall.Conn
	Bind() error
	Addr() net.Addr
	Started() <-chan struct{}
	HandOver(ctx context.Context) error
	Len() int
	Liveness() func() bool
}

// Assemble declares the proxy. Nothing is opened yet.
func (c *Proxy) Assemble(log *slog.Logger, opts ...pipeline.Option) (*RunningProxy, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &RunningProxy{Requests: "decode", mode: c.Mode, policy: &exchangeable{}, log: log, now: c.Proxied}
	r.Pipeline = pipeline.New("proxy", append(opts, pipeline.DrainTime(c.Drain))...)
	switch c.Mode {
	case "tunnel":
		return r, c.assembleTunnel(r)
	case "frame":
		return r, c.assembleFrames(r, tcp.Listen(c.Listen, c.listening()...))
	}
	return r, c.assembleRedis(r, tcp.Listen(c.Listen, c.listening()...))
}

func (c *Proxy) assembleRedis(r *RunningProxy, source *tcp.Source) error {
	r.Source = source
	r.policy.set(c.policy())
	named := c.named()
	r.servers.Store(&named)
	routing, err := c.routing()
	if err != nil {
		return err
	}
	t := c.traffic()
	t.Greeting, t.Welcome, t.Settles, t.Refusal, t.Fence = r.greeting, redis.Welcome, redis.Settles, redis.Refusal, c.fence()
	if err := c.connect(r, balance.Options{Panic: balance.NoPanic}, t, health.Ping(health.Credentials{})); err != nil {
		return err
	}
	r.proxy = redis.New(redis.Config{Routing: routing, Password: c.Password, Databases: c.Databases}, r.Pool.Forget)
	r.proxy.Serve(r.Pipeline, source, r.Pool, c.requests())
	if c.Eject {
		r.follow(routing)
		r.Pipeline.Beside(pipeline.Service{Name: "ejection", Run: r.eject})
	}
	return nil
}

// traffic is what holds for both modes.
func (c *Pooled) traffic() pool.Traffic {
	retries := c.Retries
	if retries == 0 {
		retries = -1
	}
	return pool.Traffic{Mode: c.mode(), Timeout: c.Timeout, Patience: c.Patience, Retries: retries}
}

// connect makes the pool of the servers, which by tells whether they are alive.
func (c *Proxy) connect(r *RunningProxy, o balance.Options, t pool.Traffic, by health.Checker) (err error) {
	r.Pool, err = pool.New(redis.Backends(c.Servers), r.policy,
		pool.WithLimits(c.limits()), pool.Balance(o), pool.WithTraffic(t), pool.WithGuard(c.guard(by, r.log)))
	return err
}

// Run runs the pipeline until ctx ends, and then closes the connections to the servers.
func (r *RunningProxy) Run(ctx context.Context) error {
	defer r.Close()
	if r.finder != nil {
		finding, cancel := context.WithCancel(context.Background())
		defer context.AfterFunc(ctx, cancel)()
		defer cancel()
		wait, err := r.finder.begin(finding)
		defer func() { cancel(); wait() }()
		if err != nil {
			return err
		}
	}
	return r.Pipeline.Run(ctx)
}

// find has a pool follow what is found.
func (r *RunningProxy) find(at Discovery, p *pool.Pool) error {
	sources, err := at.sources()
	r.finder = &finder{discovery.Join(sources...), p.Apply, r.log}
	return err
}

// Close closes the connections to the servers of a proxy that does not run.
func (r *RunningProxy) Close() {
	if r.tunnels != nil {
		r.tunnels.close(r.log)
		return
	}
	shut(r.Pool)
}

// greeting is what a fresh connection to a server is sent first.
func (r *RunningProxy) greeting(b balance.Backend, profile uint32) ([]byte, int) {
	return (*r.servers.Load())[b.Name].Greeting(profile)
}

// guard has the servers asked whether they are alive, and bounds what is sent again.
func (c *Pooled) guard(by health.Checker, log *slog.Logger) pool.Guard {
	g := pool.Guard{Budget: &health.BudgetOptions{}}
	if c.CheckEvery > 0 {
		g.Check = by
		g.Monitor = health.MonitorOptions{Interval: c.CheckEvery, Timeout: c.CheckTimeout, Fall: c.Fall, Rise: c.Rise, OnChange: func(ch health.Change) {
			if ch.Up {
				log.Info("server is up", "server", ch.Target.Name, "address", ch.Target.Address)
			} else {
				log.Warn("server is down", "server", ch.Target.Name, "address", ch.Target.Address, "reason", ch.Reason)
			}
		}}
	}
	return g
}
