package pool

import (
	"context"
	"errors"
	"fmt"
)

// Warm waits until each backend that takes requests has the MinIdle connections that are dialed in the background, or until
// ctx ends: then the error has what each of the others is short of, and why.
func (p *Pool) Warm(ctx context.Context) error {
	var errs []error
	for _, b := range *p.backends.Load() {
		if b != nil {
			errs = append(errs, b.warm(ctx))
		}
	}
	return errors.Join(errs...)
}

func (b *backend) warm(ctx context.Context) error {
	for {
		grown := *b.grown.Load()
		idle, want := b.idle(), b.pool.limits.MinIdle
		if idle >= want || b.refusal() == errGone || int(b.open.Load()) == b.pool.limits.MaxOpen && b.dialing.Load() == 0 {
			return nil
		}
		select {
		case <-grown:
		case <-b.pool.ctx.Done():
			return ErrClosed
		case <-ctx.Done():
			err := fmt.Errorf("backend %s has %d of %d idle connections: %w", b.member.Name, idle, want, context.Cause(ctx))
			if last := b.rested(); last != nil {
				err = fmt.Errorf("%w (%w)", err, last)
			}
			return err
		}
	}
}

// announce tells Warm that one more connection is there.
func (b *backend) announce() {
	next := make(chan struct{})
	close(*b.grown.Swap(&next))
}
