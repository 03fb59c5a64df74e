package load

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
	"github.com/leat-io/leat/cmd/leat/load/workload"
)

func TestAConfigThatCannotBeRunIsRefusedWithItsReason(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"reactor, goroutine":          func(c *Config) { c.Driver = "thread" },
		"those of the driver reactor": func(c *Config) { c.Driver, c.Loops = Goroutine, 2 },
		"no address":                  func(c *Config) { c.Address = "" },
		"raw, frame, line":            func(c *Config) { c.Protocol = "http" },
		"is empty":                    func(c *Config) { c.Address = "a:1,,b:2" },
		"not for protocol resp":       func(c *Config) { c.Protocol, c.Reply = RESP, Echo },
		"ping, echo, get, set, incr":  func(c *Config) { c.Protocol, c.Request = RESP, "del" },
		"are for protocol resp":       func(c *Config) { c.Keys = 5 },
		"ping has no key":             func(c *Config) { c.Protocol, c.Keys = RESP, 5 },
		"16777217 keys":               func(c *Config) { c.Protocol, c.Request, c.Keys = RESP, workload.GET, 16<<20+1 },
		"a zipf exponent of NaN":      func(c *Config) { c.Protocol, c.Request, c.Zipf = RESP, workload.GET, math.NaN() },
		"take fewer keys":             func(c *Config) { c.Protocol, c.Request, c.Conns = RESP, workload.INCR, 10_000 },
		"a pool of 2":                 func(c *Config) { c.Pool = new(2) },
		"a pool of -1":                func(c *Config) { c.Pool = new(-1) },
		"its own rates": func(c *Config) {
			c.Profile, c.Rate = profile.Profile{{Kind: profile.Hold, From: 1, To: 1, Length: 1}}, 1
		},
		"9007199254740992":           func(c *Config) { c.Rate, c.Duration = 1e9, 366*24*time.Hour },
		"echo, upper":                func(c *Config) { c.Reply = "lower" },
		"1 and 16777216":             func(c *Config) { c.Message = 17 << 20 },
		"-1 connections":             func(c *Config) { c.Conns = -1 },
		"65537 connections":          func(c *Config) { c.Conns = 65537 },
		"a depth of -1":              func(c *Config) { c.Depth = -1 },
		"a rate of NaN/s":            func(c *Config) { c.Rate = math.NaN() },
		"a rate of -1/s":             func(c *Config) { c.Rate = -1 },
		"cannot be negative":         func(c *Config) { c.Timeout = -time.Second },
		"longer than 292 years":      func(c *Config) { c.Warmup, c.Duration = math.MaxInt64, math.MaxInt64 },
		"neither a number of reques": func(c *Config) { c.Requests = 0 },
	} {
		cfg := Config{Address: "127.0.0.1:1", Requests: 1}
		change(&cfg)
		_, err := Run(context.Background(), cfg)
		if err == nil || !strings.HasPrefix(err.Error(), "load: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
