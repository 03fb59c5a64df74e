package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
)

// tlsFlags are those of every server that can speak TLS.
func tlsFlags(f *pflag.FlagSet, t *assembly.TLS) {
	f.StringVar(&t.Cert, "tls-cert", t.Cert, "files of certificates in PEM, with commas between: clients must speak TLS then, and the one is shown that has the name they ask for")
	f.StringVar(&t.Key, "tls-key", t.Key, "files of the keys of the certificates, in the same order")
	f.StringVar(&t.ClientCA, "tls-client-ca", t.ClientCA, "file of the authorities of clients, which must have a certificate then")
	f.StringVar(&t.ClientAuth, "tls-client-auth", t.ClientAuth, "whether clients are asked for a certificate: off, optional, required; required with tls-client-ca when empty")
	f.StringVar(&t.Policy, "tls-policy", t.Policy, "what is offered: intermediate (TLS 1.2 and later), modern (TLS 1.3)")
	f.StringVar(&t.Curves, "tls-curves", t.Curves, "key exchanges with commas between, among "+strings.Join(tlsconf.Curves(), ", ")+"; empty for the usual ones, with x25519mlkem768")
	f.StringVar(&t.Protocols, "tls-alpn", t.Protocols, "application protocols that are offered, with commas between")
	f.BoolVar(&t.Tickets, "tls-tickets", t.Tickets, "let clients resume their sessions")
	f.IntVar(&t.Handshakes, "tls-handshakes", t.Handshakes, "handshakes under way at a time; more wait")
}

// serverTLSFlags are those of whoever connects to servers that speak TLS.
func serverTLSFlags(f *pflag.FlagSet, t *assembly.ServerTLS) {
	f.StringVar(&t.Mode, "server-tls", t.Mode, "whether servers are spoken to in TLS: off, on")
	f.StringVar(&t.CA, "server-ca", t.CA, "file of the authorities of servers; those of the system when empty")
	f.StringVar(&t.Name, "server-name", t.Name, "name that the certificates of servers must have; the host of the address when empty")
	f.StringVar(&t.Cert, "server-cert", t.Cert, "file of the certificate that servers are shown")
	f.StringVar(&t.Key, "server-key", t.Key, "file of its key")
}

// tlsWords are the flags of them that take one of some words.
var tlsWords = map[string][]string{"tls-client-auth": tlsconf.ClientAuths, "tls-policy": tlsconf.Policies}

// certificatesEvery is how often the files of certificates are looked at.
const certificatesEvery = time.Second

// certificates is the service that reads certificates again: when SIGHUP comes, and when a file has changed.
func certificates(live *tlsconf.Live, log *slog.Logger) pipeline.Service {
	for _, w := range live.Warnings() {
		log.Warn(w)
	}
	return pipeline.Service{Name: "certificates", Run: func(ctx context.Context) {
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
		defer signal.Stop(hangup)
		watched := make(chan struct{})
		go func() {
			live.Watch(ctx, certificatesEvery, log)
			close(watched)
		}()
		for {
			select {
			case <-ctx.Done():
				<-watched
				return
			case <-hangup:
				live.Report(live.Reload(), log)
			}
		}
	}}
}
