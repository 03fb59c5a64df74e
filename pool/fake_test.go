//go:build linux

package pool_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
)

// A fake is a server that answers each request with its last argument, unless it is told to misbehave.
type fake struct {
	ln       net.Listener
	misdeed  func(conn, request int, w io.Writer, reply []byte) bool // reports whether it goes on; nil behaves
	raw      func(c io.ReadWriter)                                   // serves a connection instead, if it is set
	script   func(conn int, args []string, w io.Writer) bool         // replies instead, if it is set
	accepted atomic.Int64
	requests atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	done  sync.WaitGroup
}

func newFake(t testing.TB, misdeed func(conn, request int, w io.Writer, reply []byte) bool) *fake {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveFake(t, ln, misdeed)
}

func serveFake(t testing.TB, ln net.Listener, misdeed func(conn, request int, w io.Writer, reply []byte) bool) *fake {
	f := &fake{ln: ln, misdeed: misdeed, conns: map[net.Conn]struct{}{}}
	f.done.Go(f.accept)
	t.Cleanup(f.close)
	return f
}

func (f *fake) addr() string { return f.ln.Addr().String() }

func (f *fake) close() {
	f.ln.Close()
	f.cut()
	f.done.Wait()
}

// cut closes all connections.
func (f *fake) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		c.Close()
	}
}

func (f *fake) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

func (f *fake) accept() {
	for {
		c, err := f.ln.Accept()
		if err != nil {
			return
		}
		n := int(f.accepted.Add(1))
		f.mu.Lock()
		f.conns[c] = struct{}{}
		f.mu.Unlock()
		f.done.Go(func() {
			f.serve(n, c)
			c.Close()
			f.mu.Lock()
			delete(f.conns, c)
			f.mu.Unlock()
		})
	}
}

func (f *fake) serve(conn int, c net.Conn) {
	if f.raw != nil {
		f.raw(c)
		return
	}
	r := bufio.NewReader(c)
	for i := 0; ; i++ {
		args, err := readCommand(r)
		if err != nil {
			return
		}
		f.requests.Add(1)
		if f.script != nil {
			if !f.script(conn, args, c) {
				return
			}
			continue
		}
		reply := resp.AppendBulkString(nil, args[len(args)-1])
		if f.misdeed != nil {
			if !f.misdeed(conn, i, c, reply) {
				return
			}
		} else if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

func readCommand(r *bufio.Reader) (args []string, err error) {
	var n int
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Sscanf(line, "*%d", &n); err != nil {
		return nil, err
	}
	for range n {
		var size int
		if line, err = r.ReadString('\n'); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscanf(line, "$%d", &size); err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		args = append(args, string(b[:size]))
	}
	return args, nil
}

// What a client saw.
type seen struct {
	answered, refused int
	slowest           time.Duration
	texts             map[string]int // of errors
}

func (s *seen) add(o seen) {
	s.answered += o.answered
	s.refused += o.refused
	s.slowest = max(s.slowest, o.slowest)
	for k, n := range o.texts {
		s.texts[k] += n
	}
}

// asking sends requests that are all different, so many at a time, until done is closed or it has sent n. It fails when a reply
// is neither its own nor an error.
func asking(addr, who string, n, depth int, done <-chan struct{}) (s seen, err error) {
	s.texts = map[string]int{}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return s, err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for i := 0; i < n; i += depth {
		select {
		case <-done:
			return s, nil
		default:
		}
		var b []byte
		for j := range depth {
			b = resp.AppendCommand(b, "ECHO", fmt.Sprintf("%s-%d", who, i+j))
		}
		began := time.Now()
		c.SetDeadline(began.Add(30 * time.Second))
		if _, err := c.Write(b); err != nil {
			return s, err
		}
		for j := range depth {
			line, err := r.ReadString('\n')
			if err != nil {
				return s, fmt.Errorf("%s: behind %d answers: %w", who, s.answered+s.refused, err)
			}
			if strings.HasPrefix(line, "-") {
				s.refused++
				s.texts[strings.TrimSpace(line)]++
				continue
			}
			body, err := r.ReadString('\n')
			if want := fmt.Sprintf("%s-%d\r\n", who, i+j); err != nil || body != want {
				return s, fmt.Errorf("%s: the reply to request %d is %q, %v", who, i+j, body, err)
			}
			s.answered++
		}
		s.slowest = max(s.slowest, time.Since(began))
	}
	return s, nil
}

// crowd is many that ask at once.
func crowd(t testing.TB, addr string, clients, n, depth int, done <-chan struct{}) seen {
	t.Helper()
	all := seen{texts: map[string]int{}}
	type result struct {
		seen
		err error
	}
	results := make(chan result, clients)
	for i := range clients {
		go func() {
			s, err := asking(addr, fmt.Sprint("client", i), n, depth, done)
			results <- result{s, err}
		}()
	}
	for range clients {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		all.add(r.seen)
	}
	return all
}
