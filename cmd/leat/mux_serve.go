package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/cmd/leat/muxserve"
)

func muxServeCommand(conf *configuration) *cobra.Command {
	srv := server{section: "mux-serve", upgradable: true}
	cfg := assembly.DefaultMux()
	flags := pflag.NewFlagSet(srv.section, pflag.ContinueOnError)
	muxServeFlags(flags, &cfg)
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer streams and calls of the mux protocol",
		Long: `Answer streams and calls of the mux protocol: echo sends back what comes, upper does so in capitals, discard reads and sends nothing.
Streams of bytes are answered as their bytes come; streams of messages, and so calls of any method, message by message.

It listens on the loopback interface unless told otherwise. SIGTERM or SIGINT drains it: clients are told to open no more streams, those
that are open may end, and then it prints what it has done. A second signal ends it at once. SIGUSR2 starts the program anew, which takes
over the listening socket; see docs/restart.md.

Each flag can also be set by a variable (--app by LEAT_MUX_SERVE_APP) and in the section mux-serve of a file.`,
		Example: `  leat mux serve --listen :7000 --app upper
  leat mux serve --listen unix:/run/mux.sock --checksums
  leat mux serve --listen 0.0.0.0:7000 --tls-cert server.crt --tls-key server.key --tls-client-ca ca.crt`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := conf.load()
			return srv.serveMux(c, conf, settings, err, &cfg, &cfg.Accepting)
		},
	}
	conf.serve(c, &srv, flags, muxServeWords)
	completeWords(c, tlsWords)
	return c
}

func muxServeFlags(f *pflag.FlagSet, cfg *assembly.Mux) {
	f.StringVar(&cfg.App, "app", cfg.App, "what is answered: echo, upper or discard")
	config.SizeVar(f, &cfg.MaxMessage, "max-message", "longest message, of streams of messages and of calls")
	acceptingFlags(f, &cfg.Accepting, "")
	wireFlags(f, &cfg.Wire)
}

// muxServeWords are the flags that take one of some words.
var muxServeWords = map[string][]string{"app": muxserve.Names, "compress": assembly.Compressions}
