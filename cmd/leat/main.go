// Command leat runs assemblies of the framework as servers, puts load on them, and compares their designs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/pipeline"
)

// Exit statuses. Scripts rely on them.
const (
	exitOK      = 0
	exitFailed  = 1 // it could not do what was asked
	exitUsage   = 2 // it was not understood
	exitExpect  = 3 // an expectation was not met
	exitNotDone = 4 // a server ended before everything that it had accepted was answered
)

// An exitError carries the exit status of an error that has been said already, or that says itself.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signals()
	err := root().ExecuteContext(ctx)
	stop()
	os.Exit(status(err))
}

// signals returns a context that ends with the first SIGINT or SIGTERM. The second one ends the process.
func signals() (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func status(err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "leat:", err)
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.status
	}
	if _, ok := errors.AsType[*pipeline.DrainError](err); ok {
		return exitNotDone
	}
	return exitFailed
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "leat",
		Short: "Network I/O as a dataflow of composable stages",
		Long: `leat runs assemblies of the framework as servers, puts load on them, and compares their designs.

Exit status: 0 done, 1 failed, 2 not understood, 3 an expectation was not met, 4 a server ended before everything
that it had accepted was answered.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &exitError{exitUsage, fmt.Errorf("unknown command %q; leat --help lists them", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		err = config.Explain(err, c.Flags())
		return &exitError{exitUsage, fmt.Errorf("%w; %s --help lists the flags", err, c.CommandPath())}
	})
	c.PersistentFlags().Bool("json", false, "write results as JSON")

	conf, tcp := &configuration{}, assembly.DefaultTCP()
	flags := pflag.NewFlagSet("tcp", pflag.ContinueOnError) // of tcp and graph, of which one runs
	tcpFlags(flags, &tcp)
	udp := assembly.DefaultUDP()
	packets := pflag.NewFlagSet("udp", pflag.ContinueOnError)
	udpFlags(packets, &udp)
	graph := graphCommand(conf, &tcp, flags)
	graph.AddCommand(graphUDPCommand(conf, &udp, packets), graphProxyCommand(conf), graphMuxCommand(conf))
	c.AddCommand(demoCommand(), tcpCommand(conf, &tcp, flags), udpCommand(conf, &udp, packets), proxyCommand(conf), muxCommand(conf), loadCommand(), benchCommand(benchTCP(conf, &tcp, flags)), compareCommand(conf),
		graph, doctorCommand())
	for _, sub := range c.Commands() {
		if sub.Args == nil {
			sub.Args = noArgs
		}
	}
	return c
}

// version says what was built, with what, for which machine. It is shown by the template of cobra: another one would link
// package text/template, which keeps every exported method in the program, 4 MB of it.
func version() string {
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = strings.Trim(info.Main.Version, "()") // "(devel)" outside of a released module
	}
	return fmt.Sprintf("%s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// noArgs refuses arguments with the status of a misunderstanding.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &exitError{exitUsage, fmt.Errorf("%s takes no arguments, but there is %q", c.CommandPath(), args[0])}
	}
	return nil
}

func asJSON(c *cobra.Command) bool {
	on, _ := c.Flags().GetBool("json")
	return on
}
