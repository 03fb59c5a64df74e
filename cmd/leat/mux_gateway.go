package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

func muxGatewayCommand(conf *configuration) *cobra.Command {
	srv := server{section: "mux-gateway", upgradable: true}
	cfg := assembly.DefaultMuxGateway()
	flags := pflag.NewFlagSet(srv.section, pflag.ContinueOnError)
	muxGatewayFlags(flags, &cfg)
	c := &cobra.Command{
		Use:   "gateway",
		Short: "Carry connections of TCP as streams of few connections of the mux protocol",
		Long: `Carry connections of TCP as streams of few connections of the mux protocol. There are two ends:

With --via it is the near end: it accepts connections and carries each as a stream to the far gateway, over connections that it makes again
whenever one has ended. With --to it is the far end, which accepts the mux protocol: each stream becomes a connection to that address. Streams
may name another, as --authority of the near end does, only if --allow-authority has it.

The end of one direction leaves the other open, and a reset passes through. A connection whose server cannot be reached is reset. SIGTERM or
SIGINT drains: nothing new is accepted, what is open may end, and streams that a far gateway refuses because it drains go to the next one. A
second signal ends it at once. SIGUSR2 starts the program anew, which takes over the listening socket; see docs/restart.md.

Each flag can also be set by a variable (--via by LEAT_MUX_GATEWAY_VIA) and in the section mux-gateway of a file.`,
		Example: `  leat mux gateway --listen 0.0.0.0:7000 --to 127.0.0.1:80 --tls-cert far.crt --tls-key far.key
  leat mux gateway --listen :8080 --via far.example.org:7000 --server-tls on
  leat mux gateway --via unix:/run/far.sock --mux-conns 2 --proxy-from 10.0.0.0/8 --send-proxy v2`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := conf.load()
			settings.Refresh("of the " + cfg.Suit())
			return srv.serveMux(c, conf, settings, err, &cfg, &cfg.Accepting)
		},
	}
	conf.serve(c, &srv, flags, muxGatewayWords)
	completeWords(c, tlsWords)
	return c
}

func muxGatewayFlags(f *pflag.FlagSet, cfg *assembly.MuxGateway) {
	f.StringVar(&cfg.Via, "via", cfg.Via, "near end: the far gateway, host:port or unix:PATH")
	f.IntVar(&cfg.MuxConns, "mux-conns", cfg.MuxConns, "near end: connections to the far gateway, over which streams are spread")
	f.StringVar(&cfg.Authority, "authority", cfg.Authority, "near end: address that the far gateway is asked to connect to; nothing when empty")
	f.StringVar(&cfg.SendProxy, "send-proxy", cfg.SendProxy, "near end: send the server a PROXY header that says who the client is: v1 or v2")
	f.StringVar(&cfg.To, "to", cfg.To, "far end: server that streams are connected to, host:port or unix:PATH")
	f.StringSliceVar(&cfg.Allowed, "allow-authority", cfg.Allowed, "far end: addresses that streams may name instead, with commas between")
	f.DurationVar(&cfg.Connect, "connect-timeout", cfg.Connect, "time for which a connection may wait for the far gateway, and a stream for its server")
	f.DurationVar(&cfg.Limits.Idle, "idle", cfg.Limits.Idle, "time without a byte after which a connection is reset; 0 for no limit")
	f.DurationVar(&cfg.Limits.HalfClosed, "half-closed", cfg.Limits.HalfClosed, "time for which one side may be silent when the other has ended its stream; 0 for no limit")
	acceptingFlags(f, &cfg.Accepting, " (default 127.0.0.1:7001, of the far end 127.0.0.1:7000)")
	serverTLSFlags(f, &cfg.ServerTLS)
	wireFlags(f, &cfg.Wire)
}

// muxGatewayWords are the flags that take one of some words.
var muxGatewayWords = map[string][]string{
	"compress": assembly.Compressions, "send-proxy": assembly.ProxyVersions[1:], "server-tls": assembly.ServerTLSModes,
}
