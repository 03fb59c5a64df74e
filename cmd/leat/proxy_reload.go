package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/restart"
)

// A reloader reads the configuration again when SIGHUP comes.
type reloader struct {
	conf  *configuration
	flags *pflag.FlagSet // as the command line has set them
	cfg   *assembly.Proxy
	proxy *assembly.RunningProxy
	log   *slog.Logger

	hangup chan os.Signal
}

// listen has SIGHUP wait for run. Before that it would end the process.
func (r *reloader) listen() *reloader {
	r.hangup = make(chan os.Signal, 1)
	signal.Notify(r.hangup, syscall.SIGHUP)
	return r
}

func (r *reloader) run(ctx context.Context) {
	defer signal.Stop(r.hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.hangup:
			r.reload(ctx)
		}
	}
}

// reload applies what the file and the environment say now. The command line counts as before.
func (r *reloader) reload(ctx context.Context) {
	defer restart.Reloading(r.log)()
	next := assembly.DefaultProxy()
	flags := pflag.NewFlagSet("proxy", pflag.ContinueOnError)
	proxyFlags(flags, &next)
	err := r.given(flags)
	if err == nil {
		err = r.conf.loadProxyInto(&next, flags)
	}
	if err == nil {
		err = next.Validate()
	}
	if err == nil {
		err = r.proxy.Apply(ctx, next.Proxied, next.Password)
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			r.log.Error("the new configuration is refused, and the old one stays", "error", line)
		}
		return
	}
	if fixed := r.fixed(flags); len(fixed) > 0 {
		r.log.Warn("some settings change only with a restart", "settings", strings.Join(fixed, ", "))
	}
	r.log.Info("the configuration was read again", "servers", len(next.Servers))
}

// given sets flags to what the command line has set.
func (r *reloader) given(flags *pflag.FlagSet) (err error) {
	r.flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed && err == nil {
			err = flags.Set(f.Name, f.Value.String())
		}
	})
	return err
}

// fixed are the settings of the file that a running proxy does not take over and that differ from what it runs with.
func (r *reloader) fixed(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if was := r.flags.Lookup(f.Name); !slices.Contains(changeable, f.Name) && was.Value.String() != f.Value.String() {
			names = append(names, f.Name)
		}
	})
	return names
}

// changeable are the settings that a running proxy takes over.
var changeable = []string{
	"servers", "server-user", "server-password", "server-password-file", "hash", "distribution", "hash-tag", "channels", "databases", "read-from", "balance",
	"zone", "region", "requirepass", "requirepass-file", "names", "allow", "deny",
}
