package pooltest_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/pooltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPoolsConform(t *testing.T) {
	for name, opts := range map[string][]pool.Option{
		"LIFO":          {pool.Shards(1)},
		"LIFO, sharded": {pool.Shards(8)},
		"FIFO":          {pool.FIFO()},
		"prepared":      {pool.Prepare(func(context.Context, *pool.Conn) error { return nil })},
		"following":     {pool.Follow(pool.DefaultDemand)},
	} {
		t.Run(name, func(t *testing.T) { pooltest.Run(t, opts...) })
	}
}
