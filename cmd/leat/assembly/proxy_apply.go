package assembly

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/leat-io/leat/cmd/leat/redis"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// grace is for how long servers that a configuration no longer has can still be sent to: by requests that were routed before it
// was applied and wait for a connection.
const grace = time.Second

// Apply makes c what the running proxy does, and drops no request. What is wrong with c is an error, and then nothing changes.
// Servers that go are removed when the last requests for them are on their way. Clients that have subscribed are disconnected
// when the channels have moved, so that they subscribe again at the right server.
func (r *RunningProxy) Apply(ctx context.Context, c Proxied, password string) error {
	var routing *redis.Routing
	err := c.validateFor(r.mode)
	if err == nil && r.proxy != nil {
		routing, err = c.routing()
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Eject, c.Discover = r.now.Eject, r.now.Discover // there is a service for it or not
	switch {
	case r.tunnels != nil:
		return r.applyTunnels(c)
	case len(c.Discover) > 0: // the servers are what is found
		r.now = c
		return nil
	}
	next := redis.Backends(c.Servers)
	both, err := union(redis.Backends(r.now.Servers), next)
	if err != nil {
		return err
	}
	named := c.named()
	all := maps.Clone(*r.servers.Load())
	maps.Copy(all, named)
	r.servers.Store(&all)
	r.policy.set(c.policyFor(r.mode))
	if err := r.Pool.Apply(both); err != nil {
		r.policy.set(r.now.policyFor(r.mode))
		return err
	}
	if routing != nil {
		if c.Eject {
			r.follow(routing)
		}
		if n := r.proxy.Apply(redis.Config{Routing: routing, Password: password, Databases: c.Databases}); n > 0 {
			r.log.Info("the channels have moved to another server: subscribers were disconnected", "clients", n)
		}
	}
	if len(both) > len(next) {
		select {
		case <-time.After(grace):
		case <-ctx.Done():
		}
		if err := r.Pool.Apply(next); err != nil {
			return err
		}
	}
	r.servers.Store(&named)
	r.now = c
	return nil
}

// union are the new backends and those of the old ones that are not among them. One whose name has another address now cannot
// be there twice: the old one goes at once.
func union(old, next []balance.Backend) ([]balance.Backend, error) {
	both := slices.Clone(next)
	for _, b := range old {
		if !slices.ContainsFunc(next, func(n balance.Backend) bool { return n.Name == b.Name }) {
			both = append(both, b)
		}
	}
	if len(both) > pool.DefaultMaxBackends {
		return nil, fmt.Errorf("there are %d servers with those that go; at most %d can be had at a time", len(both), pool.DefaultMaxBackends)
	}
	return both, nil
}

// followEvery is how soon the keys of a server that is down go to others.
const followEvery = 10 * time.Millisecond

func (r *RunningProxy) eject(ctx context.Context) {
	t := time.NewTicker(followEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			r.follow(r.proxy.Routing())
		}
	}
}

// follow tells a routing which primaries are down.
func (r *RunningProxy) follow(routing *redis.Routing) {
	members := r.Pool.Members()
	routing.Follow(func(name string) bool {
		i := slices.IndexFunc(members, func(m *balance.Member) bool { return m.Name == name })
		return i < 0 || members[i].Up()
	})
}
