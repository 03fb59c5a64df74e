package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/zaplog"
	"github.com/leat-io/leat/pipeline"
)

// backendTime is what a backend may take to begin, and to end.
const backendTime = 10 * time.Second

// A backendProcess is a server for a proxy to stand before, in a process of its own: what it uses is not counted as the proxy's. It
// lives as long as its standard input is open, so it ends with the process that started it, however that ends.
type backendProcess struct {
	address string
	cmd     *exec.Cmd
	life    io.Closer
}

// startBackend has a program, which is this command, run a server that speaks what a proxy of the mode expects, and waits until
// it listens.
func startBackend(program, mode string) (*backendProcess, error) {
	cmd := exec.Command(program, "compare", "backend", "--mode", mode)
	cmd.Stderr = os.Stderr
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := besideLoad(cmd.Start); err != nil {
		return nil, fmt.Errorf("the server behind the proxy cannot be started: %w", err)
	}
	b := &backendProcess{cmd: cmd, life: life}
	late := time.AfterFunc(backendTime, func() { _ = cmd.Process.Kill() }) // then the line ends early
	defer late.Stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(errors.New("the server behind the proxy does not listen"), b.end())
	}
	b.address = strings.TrimSuffix(line, "\n")
	return b, nil
}

// end ends the server, and kills it when it takes too long.
func (b *backendProcess) end() error {
	_ = b.life.Close() // the server may have ended by itself
	late := time.AfterFunc(backendTime, func() { _ = b.cmd.Process.Kill() })
	defer late.Stop()
	if err := b.cmd.Wait(); err != nil {
		return fmt.Errorf("the server behind the proxy: %w", err)
	}
	return nil
}

// backendCommand is what startBackend starts.
func backendCommand() *cobra.Command {
	var mode string
	c := &cobra.Command{
		Use:    "backend",
		Short:  "Run a server for a proxy that is compared until the standard input ends",
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := zaplog.New(c.ErrOrStderr(), "warn", "console")
			if err != nil {
				return err
			}
			cfg := assembly.DefaultTCP()
			cfg.Listen, cfg.Codec, cfg.Limits.Idle = "127.0.0.1:0", "frame", 0
			if mode == "redis" {
				cfg.App = "kv"
				cfg.Suit(func(flag string) bool { return flag == "listen" })
			}
			s, err := cfg.Assemble(pipeline.Log(log))
			if err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(c.Context())
			defer cancel()
			if _, err := s.Open(ctx); err != nil {
				return err
			}
			go func() {
				_, _ = io.Copy(io.Discard, c.InOrStdin()) // an error ends it as well
				cancel()
			}()
			if _, err := fmt.Fprintln(c.OutOrStdout(), s.Source.Addr()); err != nil {
				return errors.Join(err, s.Close())
			}
			return errors.Join(s.Run(ctx), s.Close())
		},
	}
	c.Flags().StringVar(&mode, "mode", "redis", "mode of the proxy: redis or frame")
	return c
}
