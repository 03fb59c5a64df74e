//go:build linux

package main

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
)

// verify says whether a server echoes.
func verify(ctx context.Context, s measure.Server) error {
	c, addr, err := s.Start(ctx)
	if err != nil {
		return err
	}
	defer measure.Stop(c)
	if err := drive.Verify(addr, drive.Dial); err != nil {
		return fmt.Errorf("%s does not echo: %w", s.Name, err)
	}
	return nil
}
