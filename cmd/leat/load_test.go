package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/workload/workloadtest"
)

// store runs a server of RESP in this process.
func store(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var server workloadtest.Server
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { defer c.Close(); server.Serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return l.Addr().String()
}

func TestCommandsOfRedisAreSentAndVerified(t *testing.T) {
	address := store(t)
	for _, request := range []string{"ping", "echo", "get", "set", "incr", "mset", "mixed"} {
		args := []string{"load", "--address", address, "--protocol", "resp", "--request", request, "--conns", "4", "--depth", "4",
			"--requests", "1000", "--expect", "success=100%,connect.mean>0s"}
		if request != "ping" && request != "echo" {
			args = append(args, "--keys", "100", "--zipf", "0.99")
		}
		out, msg, status := leat(t, args...)
		if status != exitOK || !strings.Contains(out, "resp "+request) {
			t.Errorf("%s: status %d: %s%s", request, status, msg, out)
		}
	}
}

func TestStoredResultsAreDrawnBesideANewOneAndAlone(t *testing.T) {
	p := serve(t, "--codec", "line")
	dir := t.TempDir()
	before := filepath.Join(dir, "before.json")
	out, msg, status := leat(t, "load", "--address", p.address, "--protocol", "line", "--pool", "0", "--requests", "500", "--json")
	var res load.Result
	if err := json.Unmarshal([]byte(out), &res); status != exitOK || err != nil || *res.Pool != 0 || len(res.Timeline) == 0 || len(res.Distribution) == 0 {
		t.Fatalf("status %d, %v: %s%s", status, err, msg, out)
	}
	if err := os.WriteFile(before, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
	both, alone := filepath.Join(dir, "both.html"), filepath.Join(dir, "alone.svg")
	_, msg, status = leat(t, "load", "--address", p.address, "--protocol", "line", "--profile", "hold 1k 200ms, spike 5k 100ms", "--label", "a new one",
		"--plot", both, "--compare", before, "--expect", "phase1.rps=1000,phase2.requests=500,success=100%")
	if status != exitOK {
		t.Fatalf("status %d: %s", status, msg)
	}
	if _, msg, status = leat(t, "load", "--plot", alone, "--compare", before); status != exitOK {
		t.Fatalf("status %d: %s", status, msg)
	}
	for file, wants := range map[string][]string{both: {"a new one", "before.json", "<table>"}, alone: {"before.json", "<svg "}} {
		b, err := os.ReadFile(file)
		for _, want := range wants {
			if err != nil || !strings.Contains(string(b), want) {
				t.Errorf("%s: %v, no %q", file, err, want)
			}
		}
	}
	p.end(syscall.SIGTERM)
}

func TestMisuseOfLoadIsAnsweredWithASentence(t *testing.T) {
	notAResult := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(notAResult, []byte(`{"designs":[]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--profile", "hold 5k 1s, jump 3 1s"}, exitUsage, `at character 13: "jump" is none of warm, ramp, hold, spike`},
		{[]string{"--requests", "1", "--plot", "x.png"}, exitUsage, "ends neither with .svg nor with .html"},
		{[]string{"--requests", "1", "--compare", notAResult}, exitUsage, "--plot"},
		{[]string{"--plot", "x.svg", "--compare", notAResult}, exitFailed, "is no result of leat load --json: it does not say which loop"},
		{[]string{"--plot", "x.svg", "--compare", notAResult, "--expect", "rps>1"}, exitUsage, "--expect is about a run"},
		{[]string{"--requests", "1", "--pool", "-1"}, exitFailed, "a pool of -1 connections"},
		{[]string{"--requests", "1", "--protocol", "resp", "--request", "del"}, exitFailed, "is not one of ping, echo, get"},
	} {
		if _, msg, status := leat(t, append([]string{"load"}, c.args...)...); status != c.status || !strings.Contains(msg, c.want) {
			t.Errorf("leat load %v: status %d, said %q; wanted %d and %q", c.args, status, msg, c.status, c.want)
		}
	}
}

func TestWordsOfLoadAreCompleted(t *testing.T) {
	for typed, want := range map[string]string{
		"--protocol ": "resp", "--request ": "mixed", "--expect rps>1,late.": "rps>1,late.p99", "--profile ": "ramp 0-50000 10s",
	} {
		flag, value, _ := strings.Cut(typed, " ")
		if out, msg, _ := leat(t, "__complete", "load", flag, value); !strings.Contains(out, want+"\n") {
			t.Errorf("%s is completed with %q %s", typed, out, msg)
		}
	}
}
