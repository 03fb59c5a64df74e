//go:build unix

package health_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// serveVar has the test binary be servers of another process, as many as its value says, so that their cost is not counted.
const serveVar = "LEAT_HEALTH_SERVERS"

func init() {
	n, err := strconv.Atoi(os.Getenv(serveVar))
	if err != nil {
		return
	}
	var lines strings.Builder
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			os.Exit(1)
		}
		lines.WriteString(ln.Addr().String() + "\n")
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go func() { answering("+PONG\r\n")(c); c.Close() }()
			}
		}()
	}
	os.Stdout.WriteString(lines.String())
	io.Copy(io.Discard, os.Stdin) // until the parent has ended
	os.Exit(0)
}

// elsewhere starts n servers in another process.
func elsewhere(b *testing.B, n int) []health.Target {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveVar+"="+strconv.Itoa(n))
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	var targets []health.Target
	for r := bufio.NewScanner(out); len(targets) < n && r.Scan(); {
		targets = append(targets, health.Target{Name: r.Text(), Address: r.Text()})
	}
	return targets
}

// BenchmarkMonitor is what a check costs this process, kernel included, when 100 targets are checked each second. Its time is that of the
// checks, so it wants a -benchtime of so many checks: 2000x is 20 s.
func BenchmarkMonitor(b *testing.B) {
	expect := must(health.SendExpect(health.Exchange{Send: "PING\r\n", Prefix: "+PONG", Until: "\r\n"}))
	for _, c := range []struct {
		name     string
		checker  health.Checker
		portable bool
	}{
		{"ping", health.Ping(health.Credentials{}), false},
		{"expect", expect, false},
		{"tcp", health.TCP(), false},
		{"ping-net", health.Ping(health.Credentials{}), true},
		{"tcp-net", health.TCP(), true},
	} {
		b.Run(c.name, func(b *testing.B) {
			targets := elsewhere(b, 100)
			m := monitor(b, c.checker, health.MonitorOptions{})
			if c.portable {
				m.Portable()
			}
			apply(b, m, targets...)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			done := make(chan struct{})
			go func() { m.Run(ctx); close(done) }()
			time.Sleep(2 * time.Second) // until all are connected
			checks, _ := count(m)
			b.ReportAllocs()
			b.ResetTimer()
			before := spent()
			time.Sleep(time.Duration(b.N) * 10 * time.Millisecond)
			cost, took := spent()-before, b.Elapsed()
			after, failed := count(m)
			if failed > 0 {
				b.Errorf("%d checks failed", failed)
			}
			b.ReportMetric(float64(cost.Nanoseconds())/1e3/float64(max(after-checks, 1)), "cpu-µs/check")
			b.ReportMetric(100*cost.Seconds()/took.Seconds(), "%core")
			cancel()
			<-done
		})
	}
}

// count is the checks of a monitor, and how many of them failed.
func count(m *health.Monitor) (all, failed uint64) {
	for _, s := range m.Stats() {
		all += s.Successes + s.Failures
		failed += s.Failures
	}
	return all, failed
}

// spent is the time that this process has had on processors.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
