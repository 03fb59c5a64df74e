package compare_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/compare"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// An experiment is a comparison that the tests make.
type experiment struct {
	cfg      compare.Config
	variants []compare.Variant
}

// experiments are known to TestMain, because the processes of a comparison begin there. The first is that of the example.
var experiments = map[string]experiment{
	"example": {exampleConfig, exampleVariants},
	"sleepy":  {short("sleepy", talk), []compare.Variant{lines("awake", 0), lines("asleep", 10*time.Millisecond)}},
	"long":    {long("long"), []compare.Variant{lines("a", 0), lines("b", 0)}},
	"stillborn": {short("stillborn", talk), []compare.Variant{
		{Name: "fails", Open: func(context.Context) (*compare.Server, error) {
			return nil, errors.New("the leat is dry")
		}},
		lines("unused", 0),
	}},
	"mortal": {long("mortal"), []compare.Variant{
		{Name: "dies", Open: func(ctx context.Context) (*compare.Server, error) {
			time.AfterFunc(200*time.Millisecond, func() {
				fmt.Fprintln(os.Stderr, "the dam has burst")
				os.Exit(3)
			})
			return lines("dies", 0).Open(ctx)
		}},
		lines("unused", 0),
	}},
	"hasty": {short("hasty", func(ctx context.Context, t compare.Target) (compare.Outcome, error) {
		return talk(ctx, compare.Target{Address: t.Address, Duration: t.Duration, Begin: func() {}, End: func() {}})
	}), []compare.Variant{lines("a", 0), lines("b", 0)}},
	"mute": {short("mute", func(context.Context, compare.Target) (compare.Outcome, error) {
		return compare.Outcome{}, nil
	}), []compare.Variant{lines("a", 0), lines("b", 0)}},
}

func short(name string, load compare.Load) compare.Config {
	return compare.Config{Name: name, Load: load, Rounds: 6, Warmup: 20 * time.Millisecond, Duration: 100 * time.Millisecond}
}

func long(name string) compare.Config {
	return compare.Config{Name: name, Load: stay, Rounds: 1, Warmup: compare.NoWarmup, Duration: time.Minute}
}

// notes is the variable that names a folder in which each process leaves its number.
const notes = "COMPARE_TEST_NOTES"

func note() {
	if dir := os.Getenv(notes); dir != "" {
		pid := strconv.Itoa(os.Getpid())
		if err := os.WriteFile(filepath.Join(dir, pid), nil, 0o600); err != nil {
			panic(err)
		}
	}
}

// lines is a server that echoes lines and takes its time for each.
func lines(name string, each time.Duration) compare.Variant {
	return compare.Variant{Name: name, Open: func(context.Context) (*compare.Server, error) {
		note()
		text, src := line.Text(4096), tcp.Listen("127.0.0.1:0")
		p := pipeline.New(name)
		p.From(src).
			Via("decode", codec.Decode(text)).
			Via("sleep", stage.Do(func(*line.Line) { time.Sleep(each) })).
			To("reply", sinks.Reply(text))
		return compare.Bound(p, src)
	}}
}

// stay is a load that does not notice the end of its server.
func stay(_ context.Context, t compare.Target) (compare.Outcome, error) {
	note()
	t.Begin()
	time.Sleep(t.Duration)
	return compare.Outcome{}, errors.New("nothing was measured")
}

// talk is a closed loop of one connection, a line at a time.
func talk(_ context.Context, t compare.Target) (o compare.Outcome, err error) {
	note()
	c, err := net.Dial("tcp", t.Address)
	if err != nil {
		return o, err
	}
	defer c.Close()
	in := bufio.NewScanner(c)
	turn := func() (time.Duration, error) {
		sent := time.Now()
		if _, err := fmt.Fprintln(c, "hello"); err != nil {
			return 0, err
		}
		if !in.Scan() {
			return 0, errors.Join(errors.New("the server has gone"), in.Err())
		}
		if in.Text() != "hello" {
			o.Wrong++
		}
		return time.Since(sent), nil
	}
	for end := time.Now().Add(t.Warmup); time.Now().Before(end); {
		if _, err := turn(); err != nil {
			return o, err
		}
	}
	t.Begin()
	var latencies []time.Duration
	began := time.Now()
	for time.Since(began) < t.Duration {
		l, err := turn()
		if err != nil {
			return o, err
		}
		latencies = append(latencies, l)
	}
	o.Elapsed = time.Since(began)
	t.End()
	o.Messages, o.Latency = int64(len(latencies)), compare.Quantiles(latencies)
	return o, nil
}
