//go:build linux

package main

import (
	"context"
	"errors"
	"net"
	"reflect"
	"runtime"
	"time"
	"unsafe"

	"github.com/redis/go-redis/v9"
)

// redised is the pool of a client of Redis. A command would cost more than the pool, whose package is internal: it is found in
// the client, and its methods by their names for the linker.
type redised struct {
	client *redis.Client
	pool   unsafe.Pointer // *pool.ConnPool
}

//go:linkname getConn github.com/redis/go-redis/v9/internal/pool.(*ConnPool).Get
func getConn(pool unsafe.Pointer, ctx context.Context) (conn unsafe.Pointer, err error)

//go:linkname putConn github.com/redis/go-redis/v9/internal/pool.(*ConnPool).Put
func putConn(pool unsafe.Pointer, ctx context.Context, conn unsafe.Pointer)

//go:linkname machine github.com/redis/go-redis/v9/internal/pool.(*Conn).GetStateMachine
func machine(conn unsafe.Pointer) unsafe.Pointer

//go:linkname try github.com/redis/go-redis/v9/internal/pool.(*ConnStateMachine).TryTransitionFast
func try(machine unsafe.Pointer, from, to uint32) bool

// States of a connection, of internal/pool.
const (
	stateCreated = 0
	stateInUse   = 3
)

func newRedis(d demand) (pooler, error) {
	c := redis.NewClient(&redis.Options{
		Dialer:   func(context.Context, string, string) (net.Conn, error) { return d.connect() },
		PoolSize: d.size, MinIdleConns: d.idle, PoolTimeout: time.Minute, DialerRetries: 1,
	})
	pool := reflect.ValueOf(c).Elem().FieldByName("connPool")
	if !pool.IsValid() || pool.Kind() != reflect.Interface || pool.Elem().Type().String() != "*pool.ConnPool" {
		return nil, errors.Join(errors.New("go-redis keeps its pool elsewhere"), c.Close())
	}
	return redised{c, pool.Elem().UnsafePointer()}, nil
}

func (r redised) pairs(n int, yield bool) error {
	ctx := context.Background()
	for range n {
		c, err := getConn(r.pool, ctx)
		if err != nil {
			return err
		}
		if yield {
			runtime.Gosched()
		}
		putConn(r.pool, ctx, c)
	}
	return nil
}

// take makes a fresh connection one in use, as the client does when the server has greeted it.
func (r redised) take() (any, error) {
	c, err := getConn(r.pool, context.Background())
	if err != nil {
		return nil, err
	}
	try(machine(c), stateCreated, stateInUse)
	return c, nil
}

func (r redised) give(c any) { putConn(r.pool, context.Background(), c.(unsafe.Pointer)) }
func (r redised) close()     { _ = r.client.Close() }
