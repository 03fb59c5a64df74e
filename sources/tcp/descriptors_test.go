//go:build unix

package tcp_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
)

// poor is the variable that makes the test binary a server with few descriptors, and fewDescriptors how many it has.
const (
	poor           = "LEAT_TEST_DESCRIPTORS"
	fewDescriptors = 40
)

// TestPoorServer is the process that TestAProcessWithoutDescriptorsGoesOn starts: it serves until its standard input ends,
// and writes its figures for each line that it reads there.
func TestPoorServer(t *testing.T) {
	if os.Getenv(poor) == "" {
		t.Skip("only a child of another test: TestAProcessWithoutDescriptorsGoesOn starts it")
	}
	s := bound(t)
	p := pipeline.New("poor", pipeline.Log(slog.New(slog.NewTextHandler(os.Stdout, nil))))
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).To("reply", sinks.Reply(text))
	stop := start(t, p)
	ask(t, mustDial(t, s), "so that whatever opens descriptors once has done so")
	lim := syscall.Rlimit{Cur: fewDescriptors, Max: fewDescriptors}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	fmt.Println("server", s.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println("server", count(s, "open"), count(s, "refused: no descriptors"), count(s, "refused"))
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A child is the process of TestPoorServer.
type child struct {
	*testing.T
	in  io.WriteCloser
	out *bufio.Scanner
	log []string
}

// line reads what the child says next into v.
func (c *child) line(v ...any) {
	c.Helper()
	for c.out.Scan() {
		if rest, ok := strings.CutPrefix(c.out.Text(), "server "); ok {
			if _, err := fmt.Sscan(rest, v...); err != nil {
				c.Fatal(rest, err)
			}
			return
		}
		c.log = append(c.log, c.out.Text())
	}
	c.Fatalf("the server has ended: %q", c.log)
}

func (c *child) figures() (open, shed, refused int) {
	c.Helper()
	fmt.Fprintln(c.in)
	c.line(&open, &shed, &refused)
	return open, shed, refused
}

// Whoever comes when there are no descriptors sees an end at once; those who are in are served, and so is the next one when
// somebody has gone.
func TestAProcessWithoutDescriptorsGoesOn(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestPoorServer$")
	cmd.Env = append(os.Environ(), poor+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("this system does not start processes: ", err)
	}
	server := &child{T: t, in: in, out: bufio.NewScanner(out)}
	var addr string
	server.line(&addr)

	const clients = 3 * fewDescriptors
	var inside []net.Conn
	for range clients {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		b := make([]byte, 6)
		fmt.Fprintln(c, "hello") // before its connection is accepted or refused
		switch n, err := io.ReadFull(c, b); {
		case err == nil:
			inside = append(inside, c)
		case n > 0 || err != io.EOF:
			t.Fatalf("a client that was not served got %q, %v", b[:n], err)
		}
	}
	if n := len(inside); n < 5 || n >= fewDescriptors {
		t.Errorf("%d clients are served with %d descriptors", n, fewDescriptors)
	}
	open, shed, refused := server.figures()
	if open != len(inside)+1 || shed != clients-len(inside) || refused != shed {
		t.Errorf("%d connections are open, %d and %d were refused; %d of %d clients are in", open, shed, refused, len(inside), clients)
	}
	for _, c := range inside {
		ask(t, c, "still here")
	}
	for _, c := range inside[:4] {
		c.Close()
	}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		if now, _, _ := server.figures(); now == open-4 {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("those who have gone are kept")
		}
	}
	for range 4 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ask(t, c, "there is room again")
	}
	for _, c := range inside {
		c.Close()
	}
	in.Close()
	for server.out.Scan() {
		server.log = append(server.log, server.out.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %q", err, server.log)
	}
	logged := strings.Join(server.log, "\n")
	if n := strings.Count(logged, "connections are refused: too many open files; raise the limit"); n < 1 || n > clients/4 {
		t.Errorf("%d refusals were logged of %d: %s", n, shed, logged)
	}
}
