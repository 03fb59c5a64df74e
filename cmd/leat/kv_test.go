package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/codec/resp"
)

// kvs are the ways of dividing the work of a key-value server.
var kvs = map[string][]string{
	"fused":       nil,
	"one worker":  {"--workers", "1"},
	"two workers": {"--workers", "2"},
	"ring":        {"--workers", "2", "--queue", "ring"},
	"block":       {"--workers", "2", "--queue", "block"},
	"workiva":     {"--workers", "2", "--queue", "workiva"},
}

func serveKV(t *testing.T, args ...string) *process {
	t.Helper()
	return serve(t, append([]string{"--app", "kv"}, args...)...)
}

// Every write that was acknowledged before the server was killed is there when it comes back.
func TestNoAcknowledgedWriteIsLostToAKill(t *testing.T) {
	tries := cycles(t) / 2
	dir, total := t.TempDir(), 0
	for try := range max(tries, 3) {
		path := filepath.Join(dir, fmt.Sprint(try))
		p := serveKV(t, "--journal", path)
		const conns = 8
		var acked [conns]int
		var writing sync.WaitGroup
		for i := range conns {
			writing.Go(func() { acked[i] = writeUntilKilled(p.address, i) })
		}
		time.Sleep(time.Duration(20+try*7%100) * time.Millisecond)
		p.end(syscall.SIGKILL)
		writing.Wait()
		p = serveKV(t, "--journal", path)
		c := redis.NewClient(&redis.Options{Addr: p.address})
		for i, n := range acked {
			total += n
			have, err := c.Get(t.Context(), fmt.Sprint("count", i)).Int()
			if err != nil && (n > 0 || !errors.Is(err, redis.Nil)) || have < n {
				t.Errorf("try %d: %d writes were acknowledged, and %d are there (%v)", try, n, have, err)
			}
			for j := range n {
				if v, err := c.Get(t.Context(), fmt.Sprintf("k%d:%d", i, j)).Result(); err != nil || v != fmt.Sprint(j) {
					t.Fatalf("try %d: write %d of connection %d is %q, %v", try, j, i, v, err)
				}
			}
		}
		c.Close()
		if status := p.end(syscall.SIGTERM); status != exitOK {
			t.Fatalf("exit status %d: %s", status, p.said())
		}
	}
	if total == 0 {
		t.Error("nothing was ever acknowledged before the kill")
	}
}

// writeUntilKilled sets a key and counts it, pair by pair, and returns how many pairs were acknowledged.
func writeUntilKilled(address string, conn int) (acked int) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for ; ; acked++ {
		b := resp.AppendCommand(nil, "SET", fmt.Sprintf("k%d:%d", conn, acked), fmt.Sprint(acked))
		b = resp.AppendCommand(b, "INCR", fmt.Sprint("count", conn))
		if _, err := c.Write(b); err != nil {
			return acked
		}
		for _, want := range []string{"+OK\r\n", fmt.Sprintf(":%d\r\n", acked+1)} {
			if got, err := r.ReadString('\n'); err != nil || got != want {
				return acked
			}
		}
	}
}

// What a journal has kept comes back, expiry and all, also after its tail was torn.
func TestAJournalIsReplayed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	p := serveKV(t, "--journal", path)
	c := redis.NewClient(&redis.Options{Addr: p.address})
	ctx := t.Context()
	c.Set(ctx, "short", "x", 50*time.Millisecond)
	c.Set(ctx, "long", "x", time.Hour)
	c.Set(ctx, "wide", strings.Repeat("w", 200<<10), 0)
	c.Append(ctx, "text", "hello ")
	c.Append(ctx, "text", "world")
	c.IncrByFloat(ctx, "f", 0.1)
	c.IncrByFloat(ctx, "f", 0.2)
	c.MSet(ctx, "a", "1", "b", "2", "c", "3")
	c.Rename(ctx, "a", "d")
	c.Del(ctx, "b")
	time.Sleep(60 * time.Millisecond)
	c.Incr(ctx, "short")
	c.Close()
	p.end(syscall.SIGTERM)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("\x00\x01torn"))
	f.Close()
	p = serveKV(t, "--journal", path, "--max-message", "64KiB") // less than what is in it
	c = redis.NewClient(&redis.Options{Addr: p.address})
	defer c.Close()
	for key, want := range map[string]string{"short": "1", "wide": strings.Repeat("w", 200<<10), "long": "x", "text": "hello world", "f": "0.3", "c": "3", "d": "1", "a": "", "b": ""} {
		if got := c.Get(ctx, key).Val(); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if ttl := c.TTL(ctx, "long").Val(); ttl < 59*time.Minute || ttl > time.Hour {
		t.Errorf("long lives for %v", ttl)
	}
	if ttl := c.TTL(ctx, "short").Val(); ttl != -1 {
		t.Errorf("short lives for %v", ttl)
	}
	if !strings.Contains(p.said(), `"torn"`) {
		t.Errorf("the torn tail is not told of: %s", p.said())
	}
}

// A client that asks for a gigabyte and reads nothing is given no more than it may hold, is closed in the end, and harms
// nobody else.
func TestAClientThatNeverReadsAGigabyteIsClosed(t *testing.T) {
	p := serveKV(t, "--max-output", "32MiB", "--write-timeout", "2s")
	good := redis.NewClient(&redis.Options{Addr: p.address})
	defer good.Close()
	if err := good.Set(t.Context(), "big", strings.Repeat("x", 16<<20), 0).Err(); err != nil {
		t.Fatal(err)
	}
	bad, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	for range 64 {
		if _, err := bad.Write(resp.AppendCommand(nil, "GET", "big")); err != nil {
			break // it is closed already
		}
	}
	clients := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			list, err := good.ClientList(t.Context()).Result()
			switch {
			case err != nil:
				t.Fatal(err)
			case strings.Count(list, "id=") == want:
				return
			case time.Now().After(deadline):
				t.Fatalf("there are not %d clients: %s", want, list)
			}
		}
	}
	clients(2) // it has been heard
	clients(1)
	bad.SetDeadline(time.Now().Add(20 * time.Second))
	if n, err := io.Copy(io.Discard, bad); n > 64<<20 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it was sent %d bytes, %v", n, err)
	}
}

// Half-close: what was sent before it is answered.
func TestRepliesFollowAHalfClose(t *testing.T) {
	for name, args := range kvs {
		t.Run(name, func(t *testing.T) {
			p := serveKV(t, args...)
			c, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var b []byte
			for i := range 5000 {
				b = resp.AppendCommand(b, "SET", fmt.Sprint("k", i), "v")
			}
			go func() {
				c.Write(b)
				c.(*net.TCPConn).CloseWrite()
			}()
			got, err := io.ReadAll(c)
			if want := strings.Repeat("+OK\r\n", 5000); err != nil || string(got) != want {
				t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
			}
		})
	}
}

// Thousands of clients that speak another protocol are refused one by one, in redis's words.
func TestGarbageIsRefusedWhileOthersAreServed(t *testing.T) {
	p := serveKV(t)
	good := redis.NewClient(&redis.Options{Addr: p.address})
	defer good.Close()
	const garbage = 2000
	var all sync.WaitGroup
	slots := make(chan struct{}, 100)
	for i := range garbage {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			c, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(20 * time.Second))
			fmt.Fprintf(c, "*1\r\n!%d garbage\r\n", i)
			if got, err := io.ReadAll(c); err != nil || string(got) != "-ERR Protocol error: expected '$', got '!'\r\n" {
				t.Errorf("%q %v", got, err)
			}
		})
		if i%50 == 0 {
			if err := good.Incr(t.Context(), "n").Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	all.Wait()
}
