//go:build linux

package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// TestMain lets the program of the tests be the client, and the backend of streams, that it starts.
func TestMain(m *testing.M) {
	if again(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

func TestCandidatesAreChosenByName(t *testing.T) {
	o, err := parse([]string{"-candidates", "nginx, haproxy"})
	if err != nil || len(o.only) != 2 || o.only[0].name != haproxy || o.only[1].name != "nginx" {
		t.Fatal(o, err)
	}
	for _, bad := range [][]string{{"-candidates", "envoy"}, {"-rounds", "0"}, {"-length", "-1s"}, {"-rows", "("}, {"an argument"}} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestACandidateRunsInTheTablesThatSuitIt(t *testing.T) {
	got := make(map[string][]string)
	for _, tab := range tables(options{Options: rounds.Options{Rows: regexp.MustCompile("")}, conns: 10, rate: 1, length: time.Second, only: candidates}) {
		for _, r := range tab.rows {
			for _, c := range tab.among(r) {
				got[tab.name+"/"+r.name] = append(got[tab.name+"/"+r.name], c.name)
			}
		}
	}
	for row, want := range map[string]string{
		"requests/64": "leat haproxy nginx io.Copy", "handshakes/full X25519": "leat haproxy nginx crypto/tls OpenSSL",
		"handshakes/full X25519MLKEM768": "leat crypto/tls", "secret/64": "leat crypto/tls OpenSSL",
	} {
		if have := strings.Join(got[row], " "); have != want {
			t.Errorf("%s: %q instead of %q", row, have, want)
		}
	}
}

func TestARowOfACandidateThatWasIdleIsMarked(t *testing.T) {
	tab := table{reference: haproxy, saturated: true, columns: []column{rate, cost, busy}, candidates: []candidate{{name: leatName}, {name: haproxy}, {name: "nginx"}, {name: "io.Copy"}}, rows: []row{{name: "64"}}}
	got := outcome{Runs: map[string][]figures{
		leatName: {{Rate: 150, Cost: 8, Busy: .9}, {Rate: 150, Cost: 8, Busy: .9}},
		haproxy:  {{Rate: 100, Cost: 10, Busy: .99}, {Rate: 100, Cost: 10, Busy: .95}},
		"nginx":  {{Rate: 75, Cost: 16, Busy: 1}, {Rate: 75, Cost: 16, Busy: 1}},
	}, Failed: map[string]string{"io.Copy": "no reason"}}
	text := tab.text([]outcome{got})
	for _, want := range []string{
		"| 64 | leat † | 150 | 150 – 150 | 1.500 (1.500 – 1.500) | 8.00 | 8.00 – 8.00 | 0.800 (0.800 – 0.800) | 90 % |\n", "| 64 | haproxy | 100 | 100 – 100 | 1 |",
		"| 64 | nginx | 75 |", "64, io.Copy: failed: no reason.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	tab.saturated = false
	if text := tab.text([]outcome{got}); strings.Contains(text, "†") {
		t.Error("a row in which nothing is to be saturated is marked:", text)
	}
}

// all are those that this machine has, which must be everything.
func all(t *testing.T) (present []candidate) {
	t.Helper()
	if measure.CompilerC() == "" {
		t.Skip("there is no C compiler")
	}
	if _, err := os.Stat("/usr/include/openssl/ssl.h"); err != nil {
		t.Skip("there is no libssl-dev (Debian)")
	}
	for _, c := range candidates {
		if c.needs == "" {
			continue
		}
		if _, err := os.Stat(c.needs); err != nil {
			t.Skipf("there is no %s (Debian: haproxy, nginx-light, libnginx-mod-stream)", c.name)
		}
	}
	return candidates
}

func TestTheConfigurationOfHaproxyAndNginxIsAccepted(t *testing.T) {
	all(t)
	p := programs{dir: t.TempDir()}
	if _, err := p.certify(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		server measure.Server
		check  []string
	}{
		{p.haproxy("127.0.0.1:7000"), []string{"-c"}}, {p.haproxyStream("127.0.0.1:7000"), []string{"-c"}}, {p.haproxyTLS("X25519"), []string{"-c"}},
		{p.nginx("127.0.0.1:7000"), []string{"-t"}}, {p.nginxStream("127.0.0.1:7000"), []string{"-t"}}, {p.nginxTLS("X25519"), []string{"-t"}},
	} {
		if err := c.server.Prepare("127.0.0.1:7001"); err != nil {
			t.Fatal(err)
		}
		argv := c.server.Command("127.0.0.1:7001")
		if out, err := exec.Command(argv[0], append(argv[1:], c.check...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", c.server.Name, err, out)
		}
	}
}

// TestAllTablesAreFilled measures everything once, with few connections and for a moment, and again from the record.
func TestAllTablesAreFilled(t *testing.T) {
	o := options{Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile("")}, length: 50 * time.Millisecond, conns: 100, rate: 2000, only: all(t)}
	t.Chdir("..") // where the command runs
	text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
		o.output = to
		return run(t.Context(), o, shown)
	})
	for _, tab := range tables(o) {
		for _, r := range tab.rows {
			for _, c := range tab.among(r) {
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

// What passes nothing on, or answers something else, is not measured.
func TestACandidateThatDoesNotPassOnIsFoundOut(t *testing.T) {
	all(t)
	t.Chdir("..")
	deaf := candidate{name: "deaf", proxy: func(p programs, _ string) measure.Server {
		return measure.Server{Name: "deaf", Command: func(addr string) []string { return []string{p.self, sourceCommand, addr} }}
	}}
	o := options{Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile("requests")}, length: time.Millisecond, conns: 1, rate: 1, only: []candidate{deaf}}
	o.output.Record = t.TempDir() + "/rows.jsonl"
	if err := run(t.Context(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "deaf does not answer") {
		t.Fatal(err)
	}
}
