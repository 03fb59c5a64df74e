package discovery_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/discovery"
)

func Example() {
	dir, err := os.MkdirTemp("", "backends")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "backends")
	if err := os.WriteFile(path, []byte("alpha=192.0.2.1:6379*2\nbeta=192.0.2.2:6379\n"), 0o600); err != nil {
		log.Fatal(err)
	}

	p, err := pool.New(nil, balance.P2C())
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close(context.Background())
	source := discovery.Join(
		discovery.File(path, discovery.FileOptions{}),
		discovery.Static(balance.Backend{Name: "spare", Address: "192.0.2.9:6379"}),
	)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	applied := make(chan struct{}, 1)
	go func() {
		ended <- discovery.Follow(ctx, source, func(backends []balance.Backend) error {
			defer func() { applied <- struct{}{} }()
			return p.Apply(backends)
		}, discovery.Options{Log: slog.New(slog.DiscardHandler)})
	}()

	<-applied
	for _, b := range p.Stats().Backends {
		fmt.Println(b.Name, b.Address)
	}
	cancel()
	fmt.Println(<-ended)
	// Output:
	// alpha 192.0.2.1:6379
	// beta 192.0.2.2:6379
	// spare 192.0.2.9:6379
	// <nil>
}
