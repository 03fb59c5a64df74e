package load

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"
)

func TestAConfigThatCannotBeRunIsRefusedWithItsReason(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"no address":                 func(c *Config) { c.Address = "" },
		"raw, frame, line":           func(c *Config) { c.Protocol = "http" },
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
