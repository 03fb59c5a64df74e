package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

// frameServer runs a server that echoes frames.
func frameServer(t *testing.T) (address string, stop func() error) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which a pipeline cannot use a pool")
	}
	b, err := startBackend(binary, "frame")
	if err != nil {
		t.Fatal(err)
	}
	return b.address, b.end
}

// frameProxy runs a proxy of frames.
func frameProxy(t *testing.T, change func(*assembly.Proxy), servers ...string) (p *assembly.RunningProxy, stop func() error) {
	t.Helper()
	cfg := assembly.DefaultProxy()
	cfg.Mode, cfg.Listen = "frame", "127.0.0.1:0"
	if err := cfg.Servers.Set(strings.Join(servers, ",")); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg)
	}
	p, err := cfg.Assemble(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Source.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return p, func() error {
		cancel()
		return <-ended
	}
}

// frames sends n different messages in one go and wants each back, in order.
func frames(address string, who, n int) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	message := func(i int) []byte {
		text := fmt.Sprintf("client %d, message %d", who, i)
		return append([]byte{0, 0, 0, byte(len(text))}, text...) // none is longer than 255
	}
	var all []byte
	for i := range n {
		all = append(all, message(i)...)
	}
	go c.Write(all)
	for i := range n {
		want := message(i)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if string(got) != string(want) {
			return fmt.Errorf("message %d is %q, not %q", i, got, want)
		}
	}
	return nil
}

func crowdOfFrames(t *testing.T, address string) {
	t.Helper()
	done := make(chan error, 8)
	for i := range cap(done) {
		go func() { done <- frames(address, i, 2000) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestFramesAreBalancedAndAnsweredInOrder(t *testing.T) {
	for _, way := range assembly.Pools {
		t.Run(way, func(t *testing.T) {
			a, stopA := frameServer(t)
			b, stopB := frameServer(t)
			p, stop := frameProxy(t, func(c *assembly.Proxy) { c.Pool, c.Balance, c.Depth = way, "round-robin", 64 }, a, b)
			crowdOfFrames(t, p.Source.Addr().String())
			for _, s := range p.Pool.Stats().Backends {
				if s.Opened == 0 {
					t.Errorf("%s was never connected to", s.Name)
				}
			}
			for what, err := range map[string]error{"the proxy": stop(), "a server": stopA(), "the other": stopB()} {
				if err != nil {
					t.Errorf("%s ends with %v", what, err)
				}
			}
		})
	}
}

// A server that goes costs nobody an answer when messages may be served twice, and servers can be exchanged while it runs.
func TestFramesSurviveTheirServer(t *testing.T) {
	a, stopA := frameServer(t)
	b, stopB := frameServer(t)
	p, stop := frameProxy(t, func(c *assembly.Proxy) { c.Idempotent, c.Balance = true, "round-robin" }, "a="+a, "b="+b)
	address := p.Source.Addr().String()
	crowdOfFrames(t, address)
	if err := stopA(); err != nil {
		t.Error(err)
	}
	crowdOfFrames(t, address)
	c, stopC := frameServer(t)
	next := assembly.DefaultProxy()
	if err := next.Servers.Set("c=" + c); err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context(), next.Proxied, ""); err != nil {
		t.Fatal(err)
	}
	if err := stopB(); err != nil {
		t.Error(err)
	}
	crowdOfFrames(t, address)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := stopC(); err != nil {
		t.Error(err)
	}
}

func TestTheModeFrameSaysWhatItDoesNotKnow(t *testing.T) {
	cfg := assembly.DefaultProxy()
	cfg.Mode, cfg.Eject = "frame", true
	if err := cfg.Servers.Set("a=127.0.0.1:1+127.0.0.1:2"); err != nil {
		t.Fatal(err)
	}
	err := cfg.Validate()
	for _, want := range []string{"server a has replicas", "leave out --eject"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestAFlagOfTheOtherModeIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"--mode", "frame", "--hash", "md5"}, {"--mode", "frame", "--fence=false"}, {"--mode", "redis", "--idempotent"},
	} {
		_, stderr, status := leat(t, append([]string{"proxy", "--servers", "127.0.0.1:1", "--check"}, args...)...)
		if want := "means nothing in the mode " + args[1]; status != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
}

// A client whose address decides has all of its messages served by one server.
func TestAClientKeepsItsServer(t *testing.T) {
	for _, way := range []string{"client-hash", "client-sticky"} {
		a, stopA := frameServer(t)
		b, stopB := frameServer(t)
		p, stop := frameProxy(t, func(c *assembly.Proxy) { c.Balance = way }, a, b)
		crowdOfFrames(t, p.Source.Addr().String())
		used := 0
		for _, s := range p.Pool.Stats().Backends {
			if s.Opened > 0 {
				used++
			}
		}
		if used != 1 {
			t.Errorf("%s: one address was served by %d servers", way, used)
		}
		for _, end := range []func() error{stop, stopA, stopB} {
			if err := end(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAProxyCanBeDrawn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which a pipeline cannot use a pool")
	}
	for _, mode := range assembly.Modes {
		out, stderr, status := leat(t, "graph", "proxy", "--mode", mode)
		first, last := "forward", "replies"
		if mode == "tunnel" {
			first, last = "allow", "tunnel"
		}
		if status != 0 || !strings.Contains(out, first) || !strings.Contains(out, last) {
			t.Errorf("%s: status %d, %s%s", mode, status, out, stderr)
		}
	}
}

func TestProxiesAreComparedBeforeServersOfTheirOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which a pipeline cannot use a pool")
	}
	for _, mode := range []string{"redis", "frame"} {
		out, _, status := leat(t, "compare", "proxy", "--mode", mode, "--vary", "pool=none,pipelined", "--rounds", "2", "--time", "100ms", "--warmup", "20ms", "--load", "--conns 4")
		if status != 0 {
			t.Errorf("%s: it exits with %d", mode, status)
		}
		for _, want := range []string{"pool=none", "pool=pipelined", "CPU"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is missing in %s", mode, want, out)
			}
		}
	}
}
