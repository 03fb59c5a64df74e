package main

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/pipeline"
)

func muxCommand(conf *configuration) *cobra.Command {
	c := &cobra.Command{
		Use:   "mux",
		Short: "Serve, load and bridge the mux protocol: many streams over one connection",
		Long: `Serve, load and bridge the mux protocol, which carries many streams over one connection (docs/mux.md): serve answers streams, load
measures such a server, and gateway carries connections of TCP as streams.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(muxServeCommand(conf), muxLoadCommand(), muxGatewayCommand(conf))
	return c
}

// An assembler is the settings of a server of the mux.
type assembler interface {
	Validate() error
	Assemble(*slog.Logger, ...pipeline.Option) (*assembly.RunningMux, error)
}

// serveMux runs a server of the mux with the settings, of which accepting is a part.
func (s *server) serveMux(c *cobra.Command, conf *configuration, settings config.Settings, loaded error, cfg assembler, accepting *assembly.Accepting) error {
	if conf.check {
		return s.check(c, conf, settings, loaded, func() error { return errors.Join(checkAddress(accepting.Listen), cfg.Validate()) })
	}
	if loaded != nil {
		return loaded
	}
	log, err := s.log(c)
	if err != nil {
		return err
	}
	address := accepting.Listen
	listen, bound, err := s.inherit(address, &accepting.Socket)
	if err != nil {
		return err
	}
	accepting.Listen = listen
	m, err := cfg.Assemble(log, pipeline.Log(log))
	if err != nil {
		return &exitError{exitUsage, err}
	}
	life := s.life(log, accepting.Drain, "")
	if err := errors.Join(m.Source.Bind(), bound()); err != nil {
		return err
	}
	if m.Certificates != nil {
		m.Pipeline.Beside(certificates(m.Certificates, log))
	}
	log.Info("listening", "address", m.Source.Addr().String())
	server := served(address, m.Source)
	server.HandOver = m.HandOver
	return s.run(c, m.Pipeline, life.Beside(m.Pipeline, server, m.Run), log, m.Requests)
}

// acceptingFlags are those of servers whose connections goroutines serve.
func acceptingFlags(f *pflag.FlagSet, a *assembly.Accepting, listens string) {
	f.StringVar(&a.Listen, "listen", a.Listen, "address to listen on, host:port or unix:PATH; without a host, 127.0.0.1; systemd or systemd:NAME for a socket that systemd passes"+listens)
	f.IntVar(&a.MaxConns, "max-conns", a.MaxConns, "connections at a time; more are closed at once")
	f.IntVar(&a.MaxPerAddress, "max-conns-per-address", a.MaxPerAddress, "connections at a time from one IPv4 address or IPv6 /64; 0 for no limit")
	f.Float64Var(&a.AcceptRate, "accept-rate", a.AcceptRate, "connections accepted a second, more wait in the backlog; 0 for no limit")
	f.Float64Var(&a.AcceptRatePerAddress, "accept-rate-per-address", a.AcceptRatePerAddress, "connections a second from one IPv4 address or IPv6 /64, those of a second and at least 8 at once, more are closed; 0 for no limit")
	f.Var(&a.Allow, "allow", "addresses and networks from which clients may connect; all when empty")
	f.Var(&a.Deny, "deny", "addresses and networks from which none may, also if they are allowed")
	f.Var(&a.ProxyFrom, "proxy-from", "addresses and networks of proxies, whose PROXY header says who a client is; they must send one")
	f.DurationVar(&a.Drain, "drain", a.Drain, "time for what is open to end after SIGTERM")
	f.DurationVar(&a.Handshake, "handshake-timeout", a.Handshake, "time for a handshake of TLS; 0 for no limit")
	tlsFlags(f, &a.TLS)
	socketFlags(f, &a.Socket)
}

// wireFlags are those of a side that serves streams.
func wireFlags(f *pflag.FlagSet, w *assembly.MuxWire) {
	f.IntVar(&w.MaxStreams, "max-streams", w.MaxStreams, "streams that a client may have open on a connection at a time; more are refused")
	config.SizeVar(f, &w.MaxWindow, "max-window", "what the window of a stream grows to, where the round trip wants it")
	config.SizeVar(f, &w.MaxHeld, "max-held", "what may have come and wait to be read on all streams of a connection, before none gets more")
	offerFlags(f, w)
}

// offerFlags are those of either side.
func offerFlags(f *pflag.FlagSet, w *assembly.MuxWire) {
	f.BoolVar(&w.Checksums, "checksums", w.Checksums, "offer checksums: frames carry them if the other side offers them too")
	f.StringVar(&w.Compress, "compress", w.Compress, "offer compression: off, s2 (fast) or zstd (smaller); it is used if the other side offers the same")
}
