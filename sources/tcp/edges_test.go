//go:build unix

package tcp_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/sources/tcp"
)

// answered wants exactly these answers and then, when the client has ended its side, the end.
func answered(t *testing.T, c net.Conn, want string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, len(want))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("%q, %v, not %q", b[:n], err, want)
	}
}

// A read ends in front of an urgent byte, although there is more behind it, and nothing reports that a second time.
func TestWhatIsBehindAnUrgentByteIsRead(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		c := mustDial(t, s)
		urgent := func() {
			raw, err := c.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(c, "before ")
			raw.Control(func(fd uintptr) {
				if _, err := syscall.SendmsgN(int(fd), []byte("!"), nil, nil, syscall.MSG_OOB); err != nil {
					t.Error(err)
				}
			})
			fmt.Fprintln(c, "behind")
		}
		urgent() // all of it waits when the source starts to read
		served(t, s)
		answered(t, c, "before behind\n")
		for range 20 {
			urgent()
			answered(t, c, "before behind\n")
		}
	})
}

// A read of a unix socket ends behind the bytes that descriptors came with, whether anybody wants those or not.
func TestWhatIsBehindDescriptorsIsRead(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := tcp.Listen(unixAddress(t), engine)
		if err := s.Bind(); err != nil {
			t.Fatal(err)
		}
		c := dialUnix(t, s).(*net.UnixConn)
		if _, _, err := c.WriteMsgUnix([]byte("with "), syscall.UnixRights(0), nil); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(c, "without")
		served(t, s)
		answered(t, c, "with without\n")
	})
}

// Bytes and the end of input may be one event, or two, or the end may come while the bytes are read.
func TestAnEndIsSeenWhereverItComes(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		served(t, s)
		for i := range 300 {
			c := mustDial(t, s)
			fmt.Fprint(c, "hello\nhalf a li")
			for range i % 7 {
				time.Sleep(10 * time.Microsecond)
			}
			c.CloseWrite()
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if b, err := io.ReadAll(c); string(b) != "hello\n" || err != nil {
				t.Fatalf("client %d: %q, %v", i, b, err)
			}
			c.Close()
		}
		eventually(t, s, "all are gone", func() bool { return count(s, "open") == 0 })
	})
}

func TestBytesThatComeOneByOneAreAllRead(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine)
		served(t, s)
		var all sync.WaitGroup
		for i := range 16 {
			c := mustDial(t, s)
			all.Go(func() {
				want := fmt.Sprintf("client %d, byte by byte\n", i)
				got := make([]byte, len(want))
				c.SetDeadline(time.Now().Add(20 * time.Second))
				for range 20 {
					for j := range want {
						io.WriteString(c, want[j:j+1])
					}
					if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
						t.Errorf("%q, %v, not %q", got, err, want)
						return
					}
				}
			})
		}
		all.Wait()
	})
}
