//go:build linux

// Package kvclient runs the programs that put load on a server which speaks the Redis protocol: redis-benchmark and leat load.
package kvclient

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A Load is what a client does.
type Load struct {
	Command  string // get or set
	Conns    int
	Depth    int // requests in flight on each connection
	Requests int
}

// Keys are as many as there are, and every value has Value bytes.
const (
	Keys  = 10_000
	Value = 64
)

// Fill writes keys before they are read.
var Fill = Load{Command: "set", Conns: 50, Depth: 16, Requests: 2 * Keys}

// Driven is what a client says: requests a second, and milliseconds.
type Driven struct{ Rate, P50, P99 float64 }

// A Client is a program that puts load on an address.
type Client struct {
	Name string
	Own  bool // it is a part of leat

	argv  func(leat, addr string, l Load) []string
	parse func(out []byte, l Load) (Driven, error)
}

// All are the clients there are; the first is what others measure with.
var All = []Client{{
	Name: "redis-benchmark", parse: parseCSV,
	argv: func(_, addr string, l Load) []string {
		_, port, _ := net.SplitHostPort(addr)
		return []string{
			"redis-benchmark", "-p", port, "--csv", "-t", l.Command, "-P", strconv.Itoa(l.Depth), "-c", strconv.Itoa(l.Conns),
			"-n", strconv.Itoa(l.Requests), "-d", strconv.Itoa(Value), "-r", strconv.Itoa(Keys),
		}
	},
}, {
	Name: "leat load", Own: true, parse: parseJSON,
	argv: func(leat, addr string, l Load) []string {
		return []string{
			leat, "load", "--address", addr, "--protocol", "resp", "--request", l.Command, "--depth", strconv.Itoa(l.Depth), "--conns", strconv.Itoa(l.Conns),
			"--requests", strconv.Itoa(l.Requests), "--message", strconv.Itoa(Value), "--keys", strconv.Itoa(Keys), "--loops", "1", "--json",
		}
	},
}}

// stuck is how long a client may take: redis-benchmark waits for ever when an answer does not come.
const stuck = 30 * time.Second

// Flag declares the flag that names a client, which is the first of All when it is not given.
func (c *Client) Flag(f *flag.FlagSet) {
	*c = All[0]
	f.Func("client", "who puts load on: redis-benchmark (the default), or leat load, which needs less processor time and verifies every reply", func(name string) error {
		for _, other := range All {
			if other.Name == name {
				*c = other
				return nil
			}
		}
		return fmt.Errorf("there is no client %q", name)
	})
}

// Drive lets the client put a load on addr, from its own processor. leat is the path of that program, for those clients that are a
// part of it.
func (c Client) Drive(ctx context.Context, leat, addr string, l Load) (d Driven, err error) {
	ctx, cancel := context.WithTimeout(ctx, stuck)
	defer cancel()
	argv := c.argv(leat, addr, l)
	b := exec.CommandContext(ctx, argv[0], argv[1:]...)
	b.Env = append(os.Environ(), "GOMAXPROCS=1")
	var out, complaints bytes.Buffer
	b.Stdout, b.Stderr = &out, &complaints
	if err := measure.Pinned(b.Start, measure.ClientCPU); err != nil {
		return d, err
	}
	err = b.Wait()
	if ctx.Err() != nil {
		return d, fmt.Errorf("%s has not ended within %v: an answer is missing", c.Name, stuck)
	}
	if err != nil {
		return d, fmt.Errorf("%s: %w: %s", c.Name, err, strings.TrimSpace(complaints.String()))
	}
	d, err = c.parse(out.Bytes(), l)
	if err == nil && d.Rate <= 0 {
		err = errors.New("nothing was answered")
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", c.Name, err)
	}
	return d, err
}

// Watch is Drive with what share of a processor each of some processes had meanwhile; 0 stands for one that there is not.
func (c Client) Watch(ctx context.Context, leat, addr string, l Load, pids ...int) (d Driven, shares []float64, err error) {
	w := measure.Watched(pids...)
	if d, err = c.Drive(ctx, leat, addr, l); err != nil {
		return d, nil, err
	}
	// Requests are sent after all connections are open, until the end.
	shares, err = w.Last(time.Duration(float64(l.Requests) / d.Rate * float64(time.Second)))
	return d, shares, err
}

// parseCSV reads what redis-benchmark --csv prints: a line of names, and one for each test.
func parseCSV(out []byte, l Load) (d Driven, err error) {
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
		case strings.EqualFold(line[0], l.Command) && len(line) == len(names):
			return d, errors.Join(field(names, line, "rps", &d.Rate), field(names, line, "p50_latency_ms", &d.P50), field(names, line, "p99_latency_ms", &d.P99))
		}
	}
	return d, fmt.Errorf("it says nothing of %s: %q", l.Command, out)
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
func parseJSON(out []byte, l Load) (d Driven, err error) {
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
	if got.OK != l.Requests {
		return d, fmt.Errorf("%d of %d replies were right", got.OK, l.Requests)
	}
	return Driven{got.RPS, got.Latency.P50 / 1e3, got.Latency.P99 / 1e3}, nil
}
