//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// verify says whether a candidate answers each client with what belongs to it, in order: several at once write keys of their own
// and read them back, a hundred requests in flight on each connection; only fifty, first those that write, where reading overtakes.
func (c candidate) verify(ctx context.Context, p programs, b backend) error {
	const clients = 8
	addr := b.addr
	if s, has := c.server(p, b.addr); has {
		proxy, at, err := s.Start(ctx)
		if err != nil {
			return err
		}
		defer measure.Stop(proxy)
		addr = at
	}
	errs := make(chan error, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() { errs <- answered(addr, i, c.overtakes()) })
	}
	wg.Wait()
	for range clients {
		if err := <-errs; err != nil {
			return fmt.Errorf("%s does not answer as redis-server: %w", c.name, err)
		}
	}
	return nil
}

func answered(addr string, client int, overtakes bool) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	for round := range 10 {
		var sets, stored, both, answers []byte
		for i := range 50 {
			key, value := fmt.Sprintf("verify:%d:%d", client, i), fmt.Sprintf("%d.%d.%d", client, round, i)
			set := fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(key), key, len(value), value)
			get := fmt.Appendf(nil, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", len(key), key)
			bulk := fmt.Appendf(nil, "$%d\r\n%s\r\n", len(value), value)
			if overtakes {
				sets, stored = append(sets, set...), append(stored, "+OK\r\n"...)
				both, answers = append(both, get...), append(answers, bulk...)
			} else {
				both, answers = append(append(both, set...), get...), append(append(answers, "+OK\r\n"...), bulk...)
			}
		}
		if err := exchange(nc, sets, stored); err != nil {
			return err
		}
		if err := exchange(nc, both, answers); err != nil {
			return err
		}
	}
	return nil
}

func exchange(nc net.Conn, requests, want []byte) error {
	if _, err := nc.Write(requests); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(nc, got); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, len(got), err)
	}
	for i := range got {
		if got[i] != want[i] {
			from, to := max(0, i-20), min(len(got), i+20)
			return fmt.Errorf("%q instead of %q", got[from:to], want[from:to])
		}
	}
	return nil
}
