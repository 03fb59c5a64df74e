package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/pipeline"
)

func tcpCommand(conf *configuration, cfg *assembly.TCP, flags *pflag.FlagSet) *cobra.Command {
	srv := server{upgradable: true}
	c := &cobra.Command{
		Use:   "tcp",
		Short: "Run a TCP server",
		Long: `Run a TCP server that answers each message with itself or in capitals, or that keeps keys and values.

It listens on the loopback interface unless told otherwise. SIGTERM or SIGINT drains it: everything that it has
accepted is answered, then it prints what its nodes have counted. A second signal ends it at once. SIGUSR2 starts the program
anew, which takes over without a connection being lost; see docs/restart.md.

Each flag can also be set by a variable (--max-conns by LEAT_TCP_MAX_CONNS) and in the section tcp of a file. A flag
comes before a variable, a variable before the file.`,
		Example: `  leat tcp --codec line --app upper                 # then: nc 127.0.0.1 8080
  leat tcp --codec raw --app echo --workers 2 --queue workiva
  leat tcp --config leat.yaml --check`,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := conf.loadTCP(cfg)
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
			now := *cfg
			listen, bound, err := srv.inherit(cfg.Listen, &now.Socket)
			if err != nil {
				return err
			}
			now.Listen = listen
			s, err := now.Assemble(pipeline.Log(log))
			if err != nil {
				return &exitError{exitUsage, err}
			}
			life := srv.life(log, cfg.Drain, keeps(cfg))
			if s.Certificates != nil {
				s.Pipeline.Beside(certificates(s.Certificates, log))
			}
			restored, err := s.Open(c.Context())
			if err != nil {
				return err
			}
			if err := bound(); err != nil {
				return errors.Join(err, s.Close())
			}
			if cfg.Journal != "" {
				log.Info("replayed", "journal", cfg.Journal, "keys", restored.Keys, "bytes", restored.Bytes, "torn", restored.Torn)
			}
			log.Info("listening", "address", s.Source.Addr().String(), "codec", cfg.Codec, "app", cfg.App, "workers", cfg.Workers)
			return errors.Join(srv.run(c, s.Pipeline, life.Beside(s.Pipeline, served(cfg.Listen, s.Source), s.Run), log, "decode"), s.Close())
		},
	}
	conf.serve(c, &srv, flags, tcpWords)
	completeWords(c, tlsWords)
	return c
}

// tcpFlags is the one place where a field of the assembly gets its flag, and with it its variable and its key in files.
func tcpFlags(f *pflag.FlagSet, cfg *assembly.TCP) {
	f.StringVar(&cfg.Listen, "listen", cfg.Listen, "address to listen on, host:port or unix:PATH; without a host, 127.0.0.1; systemd or systemd:NAME for a socket that systemd passes")
	f.StringVar(&cfg.Codec, "codec", cfg.Codec, "how messages are delimited: raw (what one read returns), frame (32-bit length), line, resp (of redis), mux (streams, docs/mux.md)")
	f.StringVar(&cfg.App, "app", cfg.App, "what is answered: echo, upper or kv (keys and values, with the codec resp)")
	config.SizeVar(f, &cfg.MaxMessage, "max-message", "longest message")
	f.StringVar(&cfg.Source, "source", cfg.Source, "what reads: reactor (loops on epoll), uring (loops on io_uring), goroutine (one for each connection)")
	f.IntVar(&cfg.Loops, "loops", cfg.Loops, "loops of the sources reactor and uring; 0 for one on each processor")
	f.IntVar(&cfg.Workers, "workers", cfg.Workers, "lanes that work behind a queue; 0 works on the lanes that read")
	f.StringVar(&cfg.Queue, "queue", cfg.Queue, "queue before the workers: chan, ring, block or workiva")
	f.IntVar(&cfg.QueueCap, "queue-cap", cfg.QueueCap, "messages that wait for each worker")
	f.StringVar(&cfg.By, "by", cfg.By, "who works on a message: request (hash of connection and number), connection (hash), shortest (queue)")
	f.IntVar(&cfg.Batch, "batch", cfg.Batch, "messages that a worker takes at once; 0 for the usual number")
	f.DurationVar(&cfg.Delay, "delay", cfg.Delay, "time for which each message occupies its lane")
	f.IntVar(&cfg.MaxConns, "max-conns", cfg.MaxConns, "connections at a time; more are closed at once")
	f.IntVar(&cfg.MaxPerAddress, "max-conns-per-address", cfg.MaxPerAddress, "connections at a time from one IPv4 address or IPv6 /64; 0 for no limit")
	f.Float64Var(&cfg.AcceptRate, "accept-rate", cfg.AcceptRate, "connections accepted a second, more wait in the backlog; 0 for no limit")
	f.Float64Var(&cfg.AcceptRatePerAddress, "accept-rate-per-address", cfg.AcceptRatePerAddress, "connections a second from one IPv4 address or IPv6 /64, those of a second and at least 8 at once, more are closed; 0 for no limit")
	f.IntVar(&cfg.Limits.InFlight, "in-flight", cfg.Limits.InFlight, "requests of one connection that are worked on at a time")
	config.SizeVar(f, &cfg.Limits.OutHigh, "output-high", "answers that may wait for a client before it is not read any more")
	config.SizeVar(f, &cfg.Limits.OutLow, "output-low", "answers that wait when it is read again")
	config.SizeVar(f, &cfg.Limits.OutTotal, "max-output-total", "answers that may wait for all clients; over it a client above output-high is closed; 0 for no limit")
	config.SizeVar(f, &cfg.Limits.OutHard, "max-output", "answers that may wait for a client that does not read, before it is closed")
	f.DurationVar(&cfg.Limits.FirstMessage, "first-message", cfg.Limits.FirstMessage, "time from accept to the first complete message; 0 for no limit")
	f.DurationVar(&cfg.Limits.Read, "read-timeout", cfg.Limits.Read, "time from the first byte of a message to its last; 0 for no limit")
	f.DurationVar(&cfg.Limits.Write, "write-timeout", cfg.Limits.Write, "time for which a client may take nothing of its answers; 0 for no limit")
	f.DurationVar(&cfg.Limits.Idle, "idle", cfg.Limits.Idle, "time without a request; 0 for no limit")
	f.DurationVar(&cfg.Drain, "drain", cfg.Drain, "time to answer what was accepted after SIGTERM")
	config.SecretVar(f, &cfg.Password, "requirepass", "the password that clients of the app kv must give")
	config.SizeVar(f, &cfg.MaxMemory, "maxmemory", "bytes of keys and values of the app kv; 0 for no bound")
	f.StringVar(&cfg.Journal, "journal", cfg.Journal, "file in which the app kv keeps its changes, and from which it takes them at the start")
	f.StringVar(&cfg.JournalSync, "journal-sync", cfg.JournalSync, "when the journal is synced to the disk: always (before the answer), everysec, never (when the system likes)")
	socketFlags(f, &cfg.Socket)
	tlsFlags(f, &cfg.TLS)
}

func socketFlags(f *pflag.FlagSet, s *assembly.Socket) {
	f.BoolVar(&s.NoDelay, "nodelay", s.NoDelay, "send small answers at once (TCP_NODELAY)")
	f.DurationVar(&s.KeepAlive, "keepalive", s.KeepAlive, "silence after which a client is probed; 0 for never")
	f.DurationVar(&s.KeepAliveInterval, "keepalive-interval", s.KeepAliveInterval, "time between two probes")
	f.IntVar(&s.KeepAliveCount, "keepalive-count", s.KeepAliveCount, "probes without an answer after which the connection ends")
	f.DurationVar(&s.UserTimeout, "user-timeout", s.UserTimeout, "time for which what was sent may stay unacknowledged; 0 for the system's way")
	config.SizeVar(f, &s.ReceiveBuffer, "receive-buffer", "what the system may hold of a client's bytes (SO_RCVBUF); 0 for its own choice")
	config.SizeVar(f, &s.SendBuffer, "send-buffer", "what the system may hold of answers (SO_SNDBUF); 0 for its own choice")
	f.DurationVar(&s.DeferAccept, "defer-accept", s.DeferAccept, "time for which a connection without data waits in the system; 0 accepts at once")
	f.BoolVar(&s.QuickAck, "quickack", s.QuickAck, "acknowledge the first bytes of a client at once (TCP_QUICKACK)")
	f.StringVar(&s.Congestion, "congestion", s.Congestion, "congestion control, such as cubic or bbr; empty for the system's choice")
	f.IntVar(&s.Backlog, "backlog", s.Backlog, "connections that wait to be accepted; 0 for as many as the system allows")
	f.DurationVar(&s.Linger, "linger", s.Linger, "time for which a close may wait for the client; negative for the system's way")
	f.Uint32Var(&s.Mode, "unix-mode", s.Mode, "permissions of the file of a unix socket, such as 0660; 0 for the usual ones")
}

// tcpWords are the flags that take one of some words.
var tcpWords = map[string][]string{
	"codec": assembly.Codecs, "app": assembly.Apps, "queue": assembly.Queues, "by": assembly.Keys, "journal-sync": assembly.Syncs,
	"source": assembly.Sources,
}
