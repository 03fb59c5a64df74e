//go:build linux

package measure

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a benchmark with the options that its arguments are. A signal that asks it to end cancels the context, which ends the
// processes that were started with it.
func Main[O any](name string, parse func(args []string) (O, error), run func(ctx context.Context, o O, out io.Writer) error) {
	o, err := parse(os.Args[1:])
	Fail(name, err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, o, os.Stdout)
	stop()
	Fail(name, err)
}

// Fail says an error and ends the program, if there is one.
func Fail(name string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}
