package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/pipeline"
)

func proxyCommand(conf *configuration) *cobra.Command {
	srv := server{upgradable: true}
	cfg := assembly.DefaultProxy()
	flags := pflag.NewFlagSet("proxy", pflag.ContinueOnError)
	proxyFlags(flags, &cfg)
	c := &cobra.Command{
		Use:   "proxy",
		Short: "Run a proxy before redis-servers, before others that answer in order, or of connections",
		Long: `Run a proxy before redis-servers, which spreads the keys over them; with --mode frame before servers of messages that
begin with their length, which are balanced; with --mode tunnel before servers of anything, for connections as they are, with TLS
taken off or put on (docs/edge.md).

With --mode redis a client sees one Redis. Commands with keys on several servers are split where that can be (MGET, MSET, DEL, UNLINK, EXISTS,
TOUCH) and refused with CROSSSLOT where it cannot; what stands between { and } in a key is hashed instead of the key, to keep
keys together. With --hash, --distribution and --hash-tag as in nutcracker's configuration, and the servers with the same names
and weights, each key is where nutcracker has it. Channels live on one server, transactions work on one.

SIGHUP reads the file again: servers, keys, databases, passwords and where to read from change without a request being
dropped. A file with errors changes nothing, and the log says what is wrong. SIGTERM or SIGINT drains: everything that was
accepted is answered. SIGUSR2 starts the program anew, which takes over without a connection being lost; see docs/restart.md.

Each flag can also be set by a variable (--read-from by LEAT_PROXY_READ_FROM) and in the section proxy of a file, where
servers can have replicas, zones and passwords.`,
		Example: `  leat proxy --servers 127.0.0.1:6379,127.0.0.1:6389
  leat proxy --servers alpha=10.0.0.1:6379*2+10.0.0.3:6379,beta=10.0.0.2:6379 --read-from replica
  leat proxy --mode tunnel --listen 0.0.0.0:443 --names api.example.org=10.0.0.1:443 --servers 10.0.0.2:443,10.0.0.3:443
  leat proxy --config leat.yaml --check`,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := conf.loadProxy(&cfg)
			if conf.check {
				return srv.check(c, conf, settings, err, func() error { return errors.Join(checkAddress(cfg.Listen), cfg.Validate()) })
			}
			if err != nil {
				return err
			}
			log, err := srv.log(c)
			if err != nil {
				return err
			}
			now := cfg
			listen, bound, err := srv.inherit(cfg.Listen, &now.Socket)
			if err != nil {
				return err
			}
			now.Listen = listen
			p, err := now.Assemble(log, pipeline.Log(log))
			if err != nil {
				return &exitError{exitUsage, err}
			}
			life := srv.life(log, cfg.Drain, "")
			if err := errors.Join(p.Source.Bind(), bound()); err != nil {
				return err
			}
			if p.Certificates != nil {
				p.Pipeline.Beside(certificates(p.Certificates, log))
			}
			reload := (&reloader{conf: conf, flags: flags, cfg: &cfg, proxy: p, log: log}).listen()
			p.Pipeline.Beside(pipeline.Service{Name: "configuration", Run: reload.run})
			log.Info("listening", "address", p.Source.Addr().String(), "mode", cfg.Mode, "servers", len(cfg.Servers))
			return srv.run(c, p.Pipeline, life.Beside(p.Pipeline, served(cfg.Listen, p.Source), p.Run), log, p.Requests)
		},
	}
	conf.serve(c, &srv, flags, proxyWords)
	completeWords(c, tlsWords)
	return c
}
