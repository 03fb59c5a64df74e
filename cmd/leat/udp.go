package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/cmd/leat/restart"
	"github.com/leat-io/leat/pipeline"
)

func udpCommand(conf *configuration, cfg *assembly.UDP, flags *pflag.FlagSet) *cobra.Command {
	var srv server
	c := &cobra.Command{
		Use:   "udp",
		Short: "Run a UDP server",
		Long: `Run a UDP server that sends each packet back, or does what another app does with it.

It listens on the loopback interface unless told otherwise. SIGTERM or SIGINT drains it: all packets that had arrived
are dealt with, then it prints what its nodes have counted, and what the kernel has dropped. A second signal ends it at once.

Each flag can also be set by a variable (--max-datagram by LEAT_UDP_MAX_DATAGRAM) and in the section udp of a file. A flag
comes before a variable, a variable before the file.`,
		Example: `  leat udp --app echo                               # then: nc -u 127.0.0.1 9000
  leat udp --source gro --lanes 2 --workers 2 --queue ring
  leat udp --app statsd --listen 127.0.0.1:8125 --every 10s
  leat udp --app syslog --listen 127.0.0.1:5514 --output messages.json
  leat udp --source packetring --interface eth0 --listen 192.0.2.1:9000
  leat udp --source pcap --file capture.pcapng --speed 0 --listen 0.0.0.0:0 --app count
  leat udp --config leat.yaml --check`,
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := conf.loadUDP(cfg)
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
			if srv.sockets, err = restart.Inherited(); err == nil {
				err = srv.sockets.Rest()
			}
			if err != nil {
				return &exitError{exitUsage, err}
			}
			s, err := cfg.Assemble(pipeline.Log(log))
			if err != nil {
				return &exitError{exitUsage, err}
			}
			life := srv.life(log, cfg.Drain, "sockets of datagrams are not handed over: stop the process and start it again")
			if err := s.Open(); err != nil {
				return err
			}
			if cfg.WritesStdout() {
				c.SetOut(c.ErrOrStderr()) // what the nodes have counted goes to where the log goes
			}
			log.Info("listening", "address", s.Source.Addr().String(), "source", cfg.Source, "app", cfg.App, "workers", cfg.Workers)
			return srv.run(c, s.Pipeline, life.Beside(s.Pipeline, restart.Alone(), s.Run), log, "udp")
		},
	}
	conf.serve(c, &srv, flags, udpWords())
	return c
}

// udpFlags is the one place where a field of the assembly gets its flag, and with it its variable and its key in files.
func udpFlags(f *pflag.FlagSet, cfg *assembly.UDP) {
	f.StringVar(&cfg.Listen, "listen", cfg.Listen, "address to listen on, host:port; without a host, 127.0.0.1")
	f.StringVar(&cfg.Source, "source", cfg.Source, "what receives: "+strings.Join(assembly.UDPSources(), ", "))
	f.StringVar(&cfg.App, "app", cfg.App, "what is done with the packets: "+strings.Join(assembly.UDPApps(), ", "))
	f.IntVar(&cfg.Lanes, "lanes", cfg.Lanes, "sockets that share the address, each with a lane that receives")
	f.IntVar(&cfg.Workers, "workers", cfg.Workers, "lanes that work behind a queue; 0 works on the lanes that receive")
	f.StringVar(&cfg.Queue, "queue", cfg.Queue, "queue before the workers: chan, ring, block or workiva")
	f.IntVar(&cfg.QueueCap, "queue-cap", cfg.QueueCap, "packets that wait for each worker")
	f.StringVar(&cfg.Full, "when-full", cfg.Full, "what happens to a packet for which there is no room: drop-newest, drop-oldest, block (then the kernel drops)")
	f.StringVar(&cfg.By, "by", cfg.By, "who works on a packet, where the app does not say it itself: peer, flow (hash), shortest (queue)")
	f.IntVar(&cfg.Batch, "batch", cfg.Batch, "packets that are received at once")
	config.SizeVar(f, &cfg.MaxDatagram, "max-datagram", "longest datagram; of longer ones the rest is lost")
	f.DurationVar(&cfg.Nap, "nap", cfg.Nap, "sleep between two looks while much arrives; 0 never naps")
	config.SizeVar(f, &cfg.ReceiveBuffer, "receive-buffer", "what the system may hold for each lane (SO_RCVBUF)")
	f.BoolVar(&cfg.Trains, "trains", cfg.Trains, "send packets of one peer and length together (UDP_SEGMENT)")
	f.DurationVar(&cfg.Drain, "drain", cfg.Drain, "time to deal with what has arrived after SIGTERM")
	linesFlags(f, &cfg.Lines)
	framesFlags(f, &cfg.Frames)
}

// framesFlags are those of the sources that see whole frames.
func framesFlags(f *pflag.FlagSet, c *assembly.UDPFrames) {
	f.StringVar(&c.Interface, "interface", c.Interface, "interface that the sources packetring and xdp take frames from")
	f.StringVar(&c.File, "file", c.File, "capture file that the source pcap reads (pcap, pcapng, also gzip)")
	f.Float64Var(&c.Speed, "speed", c.Speed, "how much faster than it was captured the file comes; 0 waits for nothing")
}

// linesFlags are those of the apps that write lines.
func linesFlags(f *pflag.FlagSet, l *assembly.UDPLines) {
	f.StringVar(&l.Output, "output", l.Output, "file that the apps count, statsd and syslog append lines to; - is the standard output")
	f.DurationVar(&l.Every, "every", l.Every, "time between two reports of count, where 0 reports at the end alone, and two flushes of statsd")
	f.IntVar(&l.Top, "count-top", l.Top, "flows with the most packets in a report of count")
	f.IntVar(&l.Counters, "count-counters", l.Counters, "counters of flows, of 144 bytes each; more make counts more exact where there are more flows")
	f.BoolVar(&l.JSON, "count-json", l.JSON, "reports of count are JSON, one on a line")
	f.IntVar(&l.MaxSeries, "statsd-series", l.MaxSeries, "series at a time; samples of more are refused")
	f.DurationVar(&l.Forget, "statsd-forget", l.Forget, "time without samples after which a series is forgotten; 0 for never")
	f.Float64SliceVar(&l.Quantiles, "statsd-quantiles", l.Quantiles, "quantiles of timers, above 0 and at most 1")
	f.StringVar(&l.Prefix, "statsd-prefix", l.Prefix, "what the names that statsd writes begin with, such as stats.")
	f.BoolVar(&l.BestEffort, "syslog-best-effort", l.BestEffort, "write also messages that are not well-formed, with what could be read of them")
}

// udpWords are the flags that take one of some words.
func udpWords() map[string][]string {
	return map[string][]string{
		"source": assembly.UDPSources(), "app": assembly.UDPApps(), "queue": assembly.Queues, "when-full": assembly.WhenFull, "by": assembly.UDPKeys,
	}
}
