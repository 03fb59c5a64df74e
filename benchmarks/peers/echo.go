//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
)

// verify says whether a server echoes: several connections at once, whose streams are written in pieces of random sizes, up to
// more than sockets buffer, while they are read.
func verify(ctx context.Context, s measure.Server) error {
	const conns, pieces = 8, 60
	c, addr, err := s.Start(ctx)
	if err != nil {
		return err
	}
	defer measure.Stop(c)
	errs := make(chan error, conns)
	var wg sync.WaitGroup
	for seed := range uint64(conns) {
		wg.Go(func() { errs <- echoed(addr, rand.New(rand.NewPCG(seed, 1)), pieces) })
	}
	wg.Wait()
	for range conns {
		if err := <-errs; err != nil {
			return fmt.Errorf("%s does not echo: %w", s.Name, err)
		}
	}
	return nil
}

// echoed sends pieces and compares what comes back. In all they are a whole number of messages.
func echoed(addr string, random *rand.Rand, pieces int) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	var sent []byte
	var cuts []int
	for range pieces {
		n := 1 + random.IntN(1<<random.IntN(18))
		for range n {
			sent = append(sent, byte(random.Uint32()))
		}
		cuts = append(cuts, len(sent))
	}
	for len(sent)%drive.Message != 0 {
		sent = append(sent, 0)
	}
	written := make(chan error, 1)
	go func() { written <- write(nc, sent, cuts) }()
	got := make([]byte, len(sent))
	if n, err := io.ReadFull(nc, got); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, len(sent), err)
	}
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("of %d bytes some are others", len(sent))
	}
	return <-written
}

func write(w io.Writer, b []byte, cuts []int) error {
	at := 0
	for _, cut := range append(cuts, len(b)) {
		if _, err := w.Write(b[at:cut]); err != nil {
			return err
		}
		at = cut
	}
	return nil
}
