//go:build linux

package main

import (
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
	"github.com/leat-io/leat/benchmarks/rounds"
)

func TestTheConfigurationOfTwemproxyIsAccepted(t *testing.T) {
	if _, err := exec.LookPath(nutcracker); err != nil {
		t.Skip("there is no nutcracker (Debian: nutcracker)")
	}
	dir := t.TempDir()
	for _, c := range candidates {
		if c.twem == nil {
			continue
		}
		s, _ := c.server(programs{dir: dir}, "127.0.0.1:7000")
		if err := s.Prepare("127.0.0.1:7001"); err != nil {
			t.Fatal(err)
		}
		argv := s.Command("127.0.0.1:7001")
		if out, err := exec.Command(argv[0], append(argv[1:], "-t")...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", c.name, err, out)
		}
	}
}

func TestTheSettingsOfTwemproxyStandInItsFile(t *testing.T) {
	text := twemproxy{mbuf: 512, connections: 4, backlog: 77}.config("127.0.0.1:1", "127.0.0.1:2")
	for _, line := range []string{"  listen: 127.0.0.1:1\n", "  redis: true\n", "  backlog: 77\n", "  server_connections: 4\n", "   - 127.0.0.1:2:1\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("there is no %q in %s", line, text)
		}
	}
}

func TestCandidatesAreChosenByName(t *testing.T) {
	got, err := parse([]string{"-candidates", "direct, twemproxy"})
	if err != nil || len(got.only) != 2 || got.only[0].name != reference || got.only[1].name != direct {
		t.Fatal(got, err)
	}
	if _, err := parse([]string{"-candidates", "twemproxy,haproxy"}); err == nil || !strings.Contains(err.Error(), "haproxy") {
		t.Fatal(err)
	}
	o, err := parse([]string{"-client", "leat load", "-rows", "c50"})
	if err != nil || len(o.only) != len(candidates) || !o.client.Own {
		t.Fatal(o, err)
	}
}

func TestOnlyWhatIsNeededIsLookedFor(t *testing.T) {
	o := options{Options: rounds.Options{Rows: regexp.MustCompile("")}, only: []candidate{{name: direct, table: proxies}}}
	if names, leat := needs(tables(o), kvclient.All[0]); leat || len(names) != 2 {
		t.Fatal(names, leat)
	}
	if _, leat := needs(tables(o), kvclient.All[1]); !leat {
		t.Fatal("leat load does not need leat")
	}
}

func TestARowOfAProxyThatWasIdleIsMarked(t *testing.T) {
	tab := table{reference: reference, candidates: candidates[:4], rows: []row{{"get", kvclient.Load{}}}}
	got := outcome{Runs: map[string][]figures{
		reference: {{Rate: 100, Cost: 10, Busy: .99}, {Rate: 100, Cost: 10, Busy: .95}},
		pipelined: {{Rate: 150, Cost: 8, Busy: .9}, {Rate: 150, Cost: 8, Busy: .9}},
		exclusive: {{Rate: 75, Cost: 16, Busy: 1}, {Rate: 75, Cost: 16, Busy: 1}},
	}, Failed: map[string]string{unpooled: "no reason"}}
	text := tab.text([]outcome{got})
	for _, want := range []string{
		"| get | leat pipelined † | 150 |", "| 1.500 (1.500 – 1.500) |", "| 0.800 (0.800 – 0.800) |", "| get | twemproxy | 100 |", "| get | leat exclusive | 75 |",
		"get, leat none: failed: no reason.", "| get | leat exclusive | 2.000 (2.000 – 2.000) | 0.500 (0.500 – 0.500) |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// The proxy here answers each client with the first reply of the first of them.
func TestAProxyThatMixesRepliesIsFoundOut(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				_, _ = io.CopyN(io.Discard, nc, 64)
				for {
					if _, err := io.WriteString(nc, "+OK\r\n$5\r\n0.0.0\r\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	c := candidate{name: direct}
	if err := c.verify(t.Context(), programs{}, backend{addr: ln.Addr().String()}); err == nil {
		t.Fatal("no error")
	}
}

// TestAllTablesAreFilled measures everything once for a moment, and again from the record. leat competes as soon as it has the
// command.
func TestAllTablesAreFilled(t *testing.T) {
	for _, program := range []string{nutcracker, "redis-server", "redis-benchmark"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s (Debian: redis, nutcracker)", filepath.Base(program))
		}
	}
	t.Chdir("..") // where the command runs
	o := options{
		Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile("get c50 P|set c500")}, requests: 1000, client: kvclient.All[0],
	}
	o.only = candidates
	text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
		o.output = to
		return run(t.Context(), o, shown)
	})
	for _, tab := range tables(o) {
		for _, r := range tab.rows {
			for _, c := range tab.candidates {
				if !strings.Contains(text, "| "+r.name+" | "+c.name) {
					t.Errorf("%s/%s has no %s", tab.name, r.name, c.name)
				}
			}
		}
	}
	if strings.Contains(text, "failed") {
		t.Error(text)
	}
}
