package load

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// listen runs handle for each connection to a TCP address and waits at the end of the test until all have returned.
func listen(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// pipes is a Config.Dial whose connections are net.Pipes to handle: no kernel, so time may be simulated.
func pipes(handle func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			handle(server)
		}()
		return client, nil
	}
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// upper answers any protocol in ASCII upper case, as long as no byte of a frame's length is a letter.
func upper(c net.Conn) {
	b := make([]byte, 32<<10)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		for i, char := range b[:n] {
			if 'a' <= char && char <= 'z' {
				b[i] = char - 'a' + 'A'
			}
		}
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
}

// stall reads and never answers.
func stall(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// framed answers each frame with what reply makes of it; nil ends the connection. i counts from 0.
func framed(reply func(i int, frame []byte) []byte) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for i := 0; ; i++ {
			frame, err := readFrame(r)
			if err != nil {
				return
			}
			out := reply(i, frame)
			if out == nil {
				return
			}
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}
}

// readFrame returns a frame with its header.
func readFrame(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(frameHeader)
	if err != nil {
		return nil, err
	}
	b := make([]byte, frameHeader+int(binary.BigEndian.Uint32(head)))
	_, err = io.ReadFull(r, b)
	return b, err
}

// slow answers frames one after the other, every nth after the given delay.
func slow(n int, delay time.Duration) func(net.Conn) {
	return framed(func(i int, frame []byte) []byte {
		if i%n == n-1 {
			time.Sleep(delay)
		}
		return frame
	})
}

// eachDriver runs a test with each driver that this system has.
func eachDriver(t *testing.T, test func(t *testing.T, d Driver)) {
	for _, name := range Drivers() {
		if d := Driver(name); d != Reactor || hasReactor {
			t.Run(name, func(t *testing.T) { test(t, d) })
		}
	}
}

// mustRun runs cfg and checks what holds of every result.
func mustRun(t testing.TB, cfg Config) Result {
	t.Helper()
	res, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, res)
	if cfg.Driver != "" && res.Driver != cfg.Driver {
		t.Errorf("driver %s ran, not %s", res.Driver, cfg.Driver)
	}
	return res
}

func checkSums(t testing.TB, r Result) {
	t.Helper()
	if r.Requests != r.OK+r.Mismatched+r.Unanswered+r.Unsent {
		t.Errorf("%d requests are not %d + %d + %d + %d", r.Requests, r.OK, r.Mismatched, r.Unanswered, r.Unsent)
	}
	if failed := r.Requests - r.OK - r.Canceled; r.ErrorCount() < failed {
		t.Errorf("%d requests failed and %d errors are counted: %v", failed, r.ErrorCount(), r.Errors)
	}
	if r.OldestUnanswered.IsZero() != (r.Unanswered == 0) {
		t.Errorf("%d unanswered, the oldest sent at %v", r.Unanswered, r.OldestUnanswered)
	}
}

// errorsOf is the count and example of one kind.
func errorsOf(r Result, k Kind) Errors {
	for _, e := range r.Errors {
		if e.Kind == k {
			return e
		}
	}
	return Errors{}
}

// wireSize is the size of a message.
func wireSize(p Protocol, payload int) int {
	return payload + map[Protocol]int{Raw: 0, Frame: frameHeader, Line: 1}[p]
}

const frameHeader = 4
