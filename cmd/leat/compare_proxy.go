package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/cmd/leat/zaplog"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/compare"
)

// proxySubject compares proxies, each before a server of its own unless some are named.
var proxySubject = subject{
	name: "proxy", suggestion: "pool=none,exclusive,pipelined", words: proxyWords,
	note: `

Without --servers each proxy has a server behind it. That is a process of its own, so CPU and memory are those of the proxy
alone; with --pin it has the processors that the proxy does not have, also that of the load.`,
	example: `  leat compare proxy --vary pool=none,exclusive,pipelined
  leat compare proxy --mode frame --vary pool=exclusive,pipelined --load '--conns 200 --depth 4'
  leat compare proxy --servers 127.0.0.1:6379 --vary fence=false,true`,
	fresh: func() (*pflag.FlagSet, candidate) {
		cfg := assembly.DefaultProxy()
		cfg.Listen = "127.0.0.1:0"
		flags := pflag.NewFlagSet("proxy", pflag.ContinueOnError)
		proxyFlags(flags, &cfg)
		return flags, (*proxyCandidate)(&cfg)
	},
}

type proxyCandidate assembly.Proxy

func (p *proxyCandidate) suit(func(flag string) bool) {}

// own says that the servers are to be started.
func (p *proxyCandidate) own() bool { return len(p.Servers) == 0 }

func (p *proxyCandidate) check() error {
	cfg := assembly.Proxy(*p)
	if p.own() {
		cfg.StandIn() // it gets the address of its server when there is one
	}
	return errors.Join(checkAddress(cfg.Listen), cfg.Validate())
}

func (p *proxyCandidate) dialect() load.Config {
	if p.Mode == "frame" {
		return load.Config{Protocol: load.Frame, Reply: load.Echo}
	}
	return load.Config{Protocol: load.RESP, Request: workload.GET} // PING the proxy answers by itself
}

func (p *proxyCandidate) open(context.Context) (*compare.Server, error) {
	log, err := zaplog.New(os.Stderr, "warn", "console")
	if err != nil {
		return nil, err
	}
	cfg := assembly.Proxy(*p)
	end := func() error { return nil }
	if p.own() {
		program, err := os.Executable()
		if err != nil {
			return nil, err
		}
		b, err := startBackend(program, cfg.Mode)
		if err != nil {
			return nil, err
		}
		end = b.end
		if err := cfg.Servers.Set(b.address); err != nil {
			return nil, errors.Join(err, end())
		}
	}
	r, err := cfg.Assemble(log, pipeline.Log(log))
	if err != nil {
		return nil, errors.Join(err, end())
	}
	b, err := compare.Bound(r.Pipeline, r.Source)
	if err != nil {
		r.Close()
		return nil, errors.Join(err, end())
	}
	b.Run = func(ctx context.Context) error { return errors.Join(r.Run(ctx), end()) }
	return b, nil
}
