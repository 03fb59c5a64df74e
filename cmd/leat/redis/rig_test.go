package redis

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/sources/tcp"
)

// A rig is a proxy that runs until the test ends.
type rig struct {
	*Proxy
	pool    *pool.Pool
	address string
}

// options of a rig; the zero value is a proxy as most are.
type options struct {
	keys     Keys
	from     ReadFrom
	mode     pool.Mode
	password string
	fence    bool
	timeout  time.Duration
	source   []tcp.Option
}

func run(t testing.TB, shards []Shard, o options) *rig {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which a pipeline cannot use a pool")
	}
	if o.keys == (Keys{}) {
		o.keys = Keys{Hash: "fnv1a_64", Distribution: "ketama", Tag: "{}"}
	}
	if o.from == "" {
		o.from = FromPrimary
	}
	routing, err := NewRouting(shards, o.keys, "")
	if err != nil {
		t.Fatal(err)
	}
	servers := map[string]Server{}
	for _, s := range shards {
		servers[s.Name] = s.Server
		for _, r := range s.Replicas {
			servers[r.Name] = r
		}
	}
	var fence *pool.Fence
	if o.fence {
		fence = Fence()
	}
	up, err := pool.New(Backends(shards), ByShard(o.from, balance.P2C()), pool.Balance(balance.Options{Panic: balance.NoPanic}), pool.WithTraffic(pool.Traffic{
		Mode:     o.mode,
		Greeting: func(b balance.Backend, profile uint32) ([]byte, int) { return servers[b.Name].Greeting(profile) },
		Welcome:  Welcome, Settles: Settles, Refusal: Refusal, Fence: fence, Timeout: o.timeout,
	}))
	if err != nil {
		t.Fatal(err)
	}
	src := tcp.Listen("127.0.0.1:0", append([]tcp.Option{tcp.Reactor(1)}, o.source...)...)
	p := New(Config{Routing: routing, Password: o.password, Databases: 16}, up.Forget)
	pl := pipeline.New("proxy", pipeline.Log(slog.New(slog.DiscardHandler)), pipeline.DrainTime(5*time.Second))
	p.Serve(pl, src, up, resp.Limits{})
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- pl.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, up.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return &rig{p, up, src.Addr().String()}
}
