//go:build linux

package drive

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// A Dialer opens a connection of a test, as Dial does or secured.
type Dialer func(addr string) (net.Conn, error)

// Dial opens a TCP connection.
func Dial(addr string) (net.Conn, error) { return net.Dial("tcp", addr) }

// Verify says whether what an address is connected to echoes: several connections at once, whose streams are written in pieces of
// random sizes, up to more than sockets buffer, while they are read.
func Verify(addr string, dial Dialer) error {
	const conns, pieces = 8, 60
	errs := make(chan error, conns)
	for seed := range uint64(conns) {
		go func() { errs <- echoed(addr, dial, rand.New(rand.NewPCG(seed, 1)), pieces) }()
	}
	var wrong error
	for range conns {
		if err := <-errs; err != nil {
			wrong = err
		}
	}
	return wrong
}

// echoed sends pieces and compares what comes back. In all they are a whole number of messages.
func echoed(addr string, dial Dialer, random *rand.Rand, pieces int) error {
	nc, err := dial(addr)
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
	for len(sent)%Message != 0 {
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
