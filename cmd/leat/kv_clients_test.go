package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// tool runs a program of the package redis-tools against p.
func tool(t *testing.T, p *process, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s", name)
	}
	host, port, err := net.SplitHostPort(p.address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, append([]string{"-h", host, "-p", port}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

func TestRedisCliTalksToTheServer(t *testing.T) {
	p := serveKV(t)
	for _, c := range []struct{ args, want string }{
		{"ping", "PONG\n"},
		{"-3 hello", "server leat\n"},
		{"set greeting hello EX 100", "OK\n"},
		{"get greeting", "hello\n"},
		{"--scan --pattern greet*", "greeting\n"},
		{"nosuch a b", "ERR unknown command 'nosuch', with args beginning with: 'a' 'b'"},
		{"info keyspace", "db0:keys=1,expires=1"},
		{"-r 3 incr n", "1\n2\n3\n"},
	} {
		if got := tool(t, p, "redis-cli", strings.Fields(c.args)...); !strings.Contains(got, c.want) {
			t.Errorf("redis-cli %s says %q, want %q", c.args, got, c.want)
		}
	}
}

func TestRedisBenchmarkRunsWithoutAnError(t *testing.T) {
	for name, args := range kvs {
		t.Run(name, func(t *testing.T) {
			p := serveKV(t, args...)
			for _, depth := range []string{"1", "16"} {
				got := tool(t, p, "redis-benchmark", "-q", "-t", "ping,set,get,incr,mset", "-c", "50", "-n", "20000", "-P", depth)
				for _, bad := range []string{"ERR", "rror", "WARNING"} {
					if strings.Contains(got, bad) {
						t.Errorf("-P %s: %s", depth, got)
					}
				}
				if n := strings.Count(got, "requests per second"); n != 6 {
					t.Errorf("-P %s: %d of 6 tests ran: %s", depth, n, got)
				}
			}
		})
	}
}

func TestGoRedisWorksUnmodified(t *testing.T) {
	for name, args := range kvs {
		for _, version := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, RESP%d", name, version), func(t *testing.T) {
				t.Setenv("LEAT_TCP_REQUIREPASS", "secret")
				p := serveKV(t, args...)
				goRedis(t, redis.NewClient(&redis.Options{Addr: p.address, Protocol: version, Password: "secret", ClientName: "test"}))
			})
		}
	}
}

func goRedis(t *testing.T, c *redis.Client) {
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Set(ctx, "a", "1", time.Hour).Err())
	if v, err := c.Get(ctx, "a").Int(); err != nil || v != 1 {
		t.Errorf("%d %v", v, err)
	}
	if _, err := c.Get(ctx, "none").Result(); !errors.Is(err, redis.Nil) {
		t.Errorf("a key that is not there: %v", err)
	}
	must(c.MSet(ctx, "k1", "v1", "k2", "v2", "k3", "v3").Err())
	if v, err := c.MGet(ctx, "k1", "none", "k3").Result(); err != nil || fmt.Sprint(v) != "[v1 <nil> v3]" {
		t.Errorf("%v %v", v, err)
	}
	cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range 100 {
			p.Incr(ctx, "n")
		}
		p.Del(ctx, "k1", "k2", "none")
		return nil
	})
	must(err)
	if n := cmds[99].(*redis.IntCmd).Val(); n != 100 {
		t.Errorf("the hundredth INCR gives %d", n)
	}
	if n := cmds[100].(*redis.IntCmd).Val(); n != 2 {
		t.Errorf("%d keys were deleted", n)
	}
	found := 0
	for it := c.Scan(ctx, 0, "k*", 10).Iterator(); it.Next(ctx); {
		found++
	}
	if found != 1 {
		t.Errorf("%d keys were found", found)
	}
	sub := c.Subscribe(ctx, "news")
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Publish(ctx, "news", "hello").Result(); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
	if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "hello" {
		t.Errorf("%v %v", m, err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			key := fmt.Sprint("own", i)
			for j := range 200 {
				if n, err := c.Incr(ctx, key).Result(); err != nil || n != int64(j+1) {
					t.Errorf("%s: %d %v", key, n, err)
					return
				}
			}
		})
	}
	all.Wait()
}
