package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/zaplog"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/compare"
)

// A subject is an assembly that can be compared.
type subject struct {
	name       string // of its command, and of its section in files
	suggestion string // of what to vary
	note       string // on its figures; may be empty
	example    string
	words      map[string][]string                // of its flags that take one of some
	fresh      func() (*pflag.FlagSet, candidate) // flags with their defaults, and what they set
}

// A candidate is an assembly with its settings.
type candidate interface {
	suit(chosen func(flag string) bool) // gives what nobody has chosen the values that fit the rest
	check() error
	open(ctx context.Context) (*compare.Server, error)
	dialect() load.Config // how the load must speak to it
}

var tcpSubject = subject{
	name: "tcp", suggestion: "queue=chan,workiva", words: tcpWords,
	example: `  leat compare tcp --vary workers=0,2 --pin --html workers.html
  leat compare tcp --app kv --vary queue=chan,workiva --vary workers=1,2 --rounds 10 --load '--request mixed --conns 64 --depth 16'
  leat compare tcp --vary listen=127.0.0.1:0,unix:@leat --load '--conns 100 --rate 20000'`,
	fresh: func() (*pflag.FlagSet, candidate) {
		cfg := assembly.DefaultTCP()
		cfg.Listen = "127.0.0.1:0"
		flags := pflag.NewFlagSet("tcp", pflag.ContinueOnError)
		tcpFlags(flags, &cfg)
		return flags, (*tcpCandidate)(&cfg)
	},
}

type tcpCandidate assembly.TCP

func (t *tcpCandidate) suit(chosen func(flag string) bool) { (*assembly.TCP)(t).Suit(chosen) }

func (t *tcpCandidate) check() error {
	return errors.Join(checkAddress(t.Listen), assembly.TCP(*t).Validate())
}

func (t *tcpCandidate) dialect() load.Config {
	c := load.Config{Protocol: load.Protocol(t.Codec)}
	if t.App != "kv" {
		c.Reply = load.Reply(t.App)
	}
	return c
}

func (t *tcpCandidate) open(ctx context.Context) (*compare.Server, error) {
	log, err := zaplog.New(os.Stderr, "warn", "console")
	if err != nil {
		return nil, err
	}
	cfg, tidy, err := ownJournal(assembly.TCP(*t))
	if err != nil {
		return nil, err
	}
	s, err := cfg.Assemble(pipeline.Log(log))
	if err != nil {
		return nil, errors.Join(err, tidy())
	}
	if _, err := s.Open(ctx); err != nil {
		return nil, errors.Join(err, tidy())
	}
	b, err := compare.Bound(s.Pipeline, s.Source)
	if err != nil {
		return nil, errors.Join(err, s.Close(), tidy())
	}
	b.Run = func(ctx context.Context) error { return errors.Join(s.Run(ctx), s.Close(), tidy()) }
	return b, nil
}

// ownJournal gives a server a journal of its own beside the one that was named, on the same disk: a run must not replay what
// another one has written.
func ownJournal(cfg assembly.TCP) (_ assembly.TCP, tidy func() error, err error) {
	if cfg.Journal == "" {
		return cfg, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp(filepath.Dir(cfg.Journal), filepath.Base(cfg.Journal)+".compare-")
	if err != nil {
		return cfg, nil, err
	}
	cfg.Journal = filepath.Join(dir, "journal")
	return cfg, func() error { return os.RemoveAll(dir) }, nil
}
