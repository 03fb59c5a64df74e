package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/workload"
)

// preload sets the keys that the requests will read, at each address, and counts them in done.
func preload(ctx context.Context, cfg Config, done *atomic.Int64) error {
	if !cfg.spec.Preloads() {
		return nil
	}
	for i, t := range cfg.targets {
		nc, err := cfg.dial(ctx, i)
		if err != nil {
			return fmt.Errorf("load: cannot connect to %s: %w", t.name, err)
		}
		stop := context.AfterFunc(ctx, func() { nc.Close() })
		err = setKeys(nc, cfg, done)
		stop()
		nc.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("load: setting the keys at %s: %w", t.name, err)
		}
	}
	return nil
}

// setKeys sets the keys in batches that are answered before the next one is written. The replies to a batch are short.
func setKeys(nc net.Conn, cfg Config, done *atomic.Int64) error {
	requests, replies := cfg.spec.Preload()
	in, out := make([]byte, readBytes), []byte(nil)
	for left := cfg.spec.Keys; left > 0; {
		n := min(left, max(1, batchBytes/(64+cfg.spec.Message)))
		out = out[:0]
		for range n {
			out = requests.Append(out)
		}
		if err := nc.SetDeadline(time.Now().Add(cfg.Timeout)); err != nil {
			return err
		}
		if _, err := nc.Write(out); err != nil {
			return err
		}
		if err := readReplies(nc, in, replies, n); err != nil {
			return err
		}
		left -= n
		done.Add(int64(n))
	}
	return nil
}

// readReplies reads n replies, all of which must be right.
func readReplies(nc net.Conn, in []byte, replies workload.Replies, n int) error {
	for n > 0 {
		got, err := nc.Read(in)
		for b := in[:got]; len(b) > 0; {
			var v workload.Verdict
			if b, v = replies.Next(b); v == workload.Right {
				if n--; n < 0 {
					return errExtra
				}
			} else if v != workload.Incomplete {
				return errors.New(replies.Why())
			}
		}
		if err != nil && n > 0 {
			return err
		}
	}
	return nil
}
