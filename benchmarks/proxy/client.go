//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A load is what a client does.
type load struct {
	command  string
	conns    int
	depth    int // requests in flight on each connection
	requests int
}

// keys are as many as there are, and every value has as many bytes.
const (
	keys  = 10_000
	value = 64
)

// fill writes keys before they are read.
var fill = load{command: "set", conns: 50, depth: 16, requests: 2 * keys}

// driven is what a client says: requests a second, and milliseconds.
type driven struct{ rate, p50, p99 float64 }

// A client is a program that puts load on an address.
type client struct {
	name  string
	own   bool // it is a part of leat
	argv  func(p programs, addr string, l load) []string
	parse func(out []byte, l load) (driven, error)
}

var clients = []client{{
	name: "redis-benchmark", parse: parseCSV,
	argv: func(_ programs, addr string, l load) []string {
		_, port, _ := net.SplitHostPort(addr)
		return []string{
			"redis-benchmark", "-p", port, "--csv", "-t", l.command, "-P", strconv.Itoa(l.depth), "-c", strconv.Itoa(l.conns),
			"-n", strconv.Itoa(l.requests), "-d", strconv.Itoa(value), "-r", strconv.Itoa(keys),
		}
	},
}, {
	name: "leat load", own: true, parse: parseJSON,
	argv: func(p programs, addr string, l load) []string {
		return []string{
			p.leat, "load", "--address", addr, "--protocol", "resp", "--request", l.command, "--depth", strconv.Itoa(l.depth), "--conns", strconv.Itoa(l.conns),
			"--requests", strconv.Itoa(l.requests), "--message", strconv.Itoa(value), "--keys", strconv.Itoa(keys), "--loops", "1", "--json",
		}
	},
}}

// stuck is how long a client may take: redis-benchmark waits for ever when an answer does not come.
const stuck = 30 * time.Second

func (c client) drive(ctx context.Context, p programs, addr string, l load) (d driven, err error) {
	ctx, cancel := context.WithTimeout(ctx, stuck)
	defer cancel()
	argv := c.argv(p, addr, l)
	b := exec.CommandContext(ctx, argv[0], argv[1:]...)
	b.Env = append(os.Environ(), "GOMAXPROCS=1")
	var out, complaints bytes.Buffer
	b.Stdout, b.Stderr = &out, &complaints
	if err := measure.Pinned(b.Start, measure.ClientCPU); err != nil {
		return d, err
	}
	err = b.Wait()
	if ctx.Err() != nil {
		return d, fmt.Errorf("%s has not ended within %v: an answer is missing", c.name, stuck)
	}
	if err != nil {
		return d, fmt.Errorf("%s: %w: %s", c.name, err, strings.TrimSpace(complaints.String()))
	}
	d, err = c.parse(out.Bytes(), l)
	if err == nil && d.rate <= 0 {
		err = errors.New("nothing was answered")
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", c.name, err)
	}
	return d, err
}

// parseCSV reads what redis-benchmark --csv prints: a line of names, and one for each test.
func parseCSV(out []byte, l load) (d driven, err error) {
	lines := csv.NewReader(bytes.NewReader(out))
	lines.FieldsPerRecord = -1 // it may complain before
	all, err := lines.ReadAll()
	if err != nil {
		return d, err
	}
	var names []string
	for _, line := range all {
		switch {
		case line[0] == "test":
			names = line
		case strings.EqualFold(line[0], l.command) && len(line) == len(names):
			return d, errors.Join(field(names, line, "rps", &d.rate), field(names, line, "p50_latency_ms", &d.p50), field(names, line, "p99_latency_ms", &d.p99))
		}
	}
	return d, fmt.Errorf("it says nothing of %s: %q", l.command, out)
}

func field(names, line []string, name string, into *float64) (err error) {
	for i := range names {
		if names[i] == name {
			*into, err = strconv.ParseFloat(line[i], 64)
			return err
		}
	}
	return fmt.Errorf("it has no column %s", name)
}

// parseJSON reads what leat load --json prints. It has compared every reply with what it should be.
func parseJSON(out []byte, l load) (d driven, err error) {
	var got struct {
		RPS     float64 `json:"rps"`
		OK      int     `json:"ok"`
		Latency struct {
			P50 float64 `json:"p50_us"`
			P99 float64 `json:"p99_us"`
		} `json:"latency"`
	}
	if err := json.Unmarshal(out, &got); err != nil {
		return d, err
	}
	if got.OK != l.requests {
		return d, fmt.Errorf("%d of %d replies were right", got.OK, l.requests)
	}
	return driven{got.RPS, got.Latency.P50 / 1e3, got.Latency.P99 / 1e3}, nil
}
