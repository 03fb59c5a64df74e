package assembly

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/accesslog"
	"github.com/leat-io/leat/cmd/leat/redis"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Tunnel is what the mode tunnel has and the others have not.
type Tunnel struct {
	HalfClosed time.Duration // for which one side may be silent when the other has ended
	WriteStall time.Duration // for which one may take nothing
	ProxyFrom  Networks      // whose PROXY headers say who a client is
	SendProxy  string        // one of ProxyVersions: the header that servers are sent
	AccessLog  string        // file, "-" for the standard output, or empty for none

	TLS       TLS           // that clients must speak, which ends here
	Handshake time.Duration // for a handshake, on either side
	ServerTLS ServerTLS
	Mirror    Mirroring
}

// ProxyVersions are the words that SendProxy understands, by the version that they stand for.
var ProxyVersions = []string{"", "v1", "v2"}

// Suit gives what nobody has chosen the value that the mode wants; chosen says so of a setting by the name of its flag. Of
// connections that are passed on as they are nothing is understood, so nothing but their silence says that they are of no use.
func (c *Proxy) Suit(chosen func(flag string) bool) {
	if c.Mode != "tunnel" {
		return
	}
	if !chosen("idle") {
		c.Limits.Idle = sinks.DefaultTunnelLimits.Idle
	}
	if !chosen("max-open") {
		c.MaxOpen = c.MaxConns
	}
	if !chosen("connect-timeout") {
		c.Connect = sinks.DefaultTunnelLimits.Connect
	}
}

func (c *Tunnel) validate() error {
	return errors.Join(
		word("version of the PROXY protocol", c.SendProxy, ProxyVersions),
		within("the time that half of a connection may be silent", c.HalfClosed, 0, 24*time.Hour),
		within("the time for which one may take nothing", c.WriteStall, 0, 24*time.Hour),
		within("the time for a handshake", c.Handshake, 0, time.Hour),
		c.TLS.Validate(),
		c.Mirror.validate(),
	)
}

var defaultTunnel = Tunnel{
	HalfClosed: sinks.DefaultTunnelLimits.HalfClosed, WriteStall: sinks.DefaultTunnelLimits.WriteStall,
	TLS: DefaultTLS(), Handshake: sinks.DefaultTunnelLimits.Handshake, ServerTLS: ServerTLS{Mode: "off"}, Mirror: Mirroring{Share: 1},
}

// sides are those who may connect.
type sides struct{ allow, deny Networks }

// permit says whether a client may connect: it is not among the denied, and it is among the allowed if there are any.
func (s *sides) permit(a *stage.Accepted) bool {
	from := a.Client.Addr()
	return !s.deny.Contains(from) && (s.allow.None() || s.allow.Contains(from))
}

// A tunnels is a proxy of connections that runs.
type tunnels struct {
	fleet *fleet
	named bool // it is known which names clients ask for
	sides atomic.Pointer[sides]
	log   *accesslog.Log // nil for none
}

// assembleTunnel declares a proxy of connections that passes their bytes on as they are.
func (c *Proxy) assembleTunnel(r *RunningProxy) (err error) {
	r.policy.set(c.policyFor(c.Mode))
	t := &tunnels{named: len(c.Names) > 0 || c.TLS.Enabled()}
	r.tunnels, r.Requests = t, "allow"
	t.fleet = newFleet(func(servers redis.List) (*pool.Pool, error) {
		return pool.New(redis.Backends(servers), r.policy, pool.WithLimits(c.limits()), pool.Balance(balance.Options{}), pool.WithGuard(c.guard(health.TCP(), r.log)))
	})
	t.sides.Store(&sides{c.Allow, c.Deny})
	if err := t.fleet.apply(c.everybody()); err != nil {
		return err
	}
	if len(c.Discover) > 0 {
		if err := t.fleet.find(r, c.Discover); err != nil {
			return err
		}
	}
	if t.log, err = openAccessLog(c.AccessLog); err != nil {
		return err
	}
	opts, live, err := c.secure()
	if err != nil {
		return err
	}
	r.Certificates = live
	source := tcp.Accept(c.Listen, c.accepting()...)
	r.Source = source
	r.Pipeline.From(source).
		Via("allow", stage.Filter(func(a *stage.Accepted) bool { return t.sides.Load().permit(a) })).
		To("tunnel", sinks.Tunnel(t.fleet, append(opts, c.tunnelOptions(t)...)...))
	return nil
}

// everybody are the servers by pattern, those without one as those of all other names.
func (c *Proxied) everybody() Names {
	all := c.Names
	if len(c.Servers) > 0 || len(c.Discover) > 0 {
		all = append(all[:len(all):len(all)], NamedServers{Pattern: everyName, Servers: c.Servers})
	}
	return all
}

// errUnnamed is for a configuration whose names nobody would look for.
var errUnnamed = errors.New("the proxy was started without names, so it does not read what clients ask for: start it anew to give it some (SIGUSR2 loses no connection)")

// applyTunnels makes c what the running tunnels do. Those that are open stay as they are.
func (r *RunningProxy) applyTunnels(c Proxied) error {
	t := r.tunnels
	if len(c.Names) > 0 && !t.named {
		return errUnnamed
	}
	r.policy.set(c.policyFor(r.mode))
	if err := t.fleet.apply(c.everybody()); err != nil {
		r.policy.set(r.now.policyFor(r.mode))
		return err
	}
	t.sides.Store(&sides{c.Allow, c.Deny})
	r.now = c
	if t.log != nil {
		return t.log.Reopen()
	}
	return nil
}

// close gives back what a proxy that has ended, or does not run, holds.
func (t *tunnels) close(log *slog.Logger) {
	t.fleet.close()
	if t.log == nil {
		return
	}
	err := t.log.Close()
	if n := t.log.Dropped(); n > 0 || err != nil {
		log.Warn("the access log is not complete", "missing", n, "error", fmt.Sprint(err))
	}
}
