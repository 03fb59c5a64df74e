//go:build unix

package tcp_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// childEngine and childIdle are the variables that make the test binary a server: of that engine, with that idle timeout.
// With childLimit it has so many descriptors from the start on.
const (
	childEngine = "LEAT_TEST_ENGINE"
	childIdle   = "LEAT_TEST_IDLE"
	childLimit  = "LEAT_TEST_LIMIT"
)

// TestServer is the process that startChild starts. It serves until its standard input ends. For each number that it reads
// there it has so many descriptors, for each empty line it writes its figures.
func TestServer(t *testing.T) {
	i := slices.IndexFunc(engines, func(e engineOf) bool { return e.name == os.Getenv(childEngine) })
	if i < 0 {
		t.Skip("only a child of other tests: startChild starts it")
	}
	l := stage.DefaultLimits
	l.Idle, _ = time.ParseDuration(os.Getenv(childIdle))
	s := bound(t, engines[i].engine, tcp.Limits(l))
	p := pipeline.New("child", pipeline.Log(slog.New(slog.NewTextHandler(os.Stdout, nil))))
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).Via("work", stage.Do(func(l *line.Line) {
		if string(l.Text) == "slowly" {
			time.Sleep(5 * time.Millisecond)
		}
	})).To("reply", sinks.Reply(text))
	limitDescriptors(t, os.Getenv(childLimit))
	stop := start(t, p)
	ask(t, mustDial(t, s), "so that whatever opens descriptors once has done so")
	fmt.Println("server", s.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		limitDescriptors(t, in.Text())
		fmt.Println("server", count(s, "open"), count(s, "refused: no descriptors"), count(s, "refused"))
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// limitDescriptors lets this process have so many, if that is a number.
func limitDescriptors(t *testing.T, text string) {
	t.Helper()
	var n uint64
	if _, err := fmt.Sscan(text, &n); err != nil {
		return
	}
	var lim syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim)
	lim.Cur = n
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
}

// A child is the process of TestServer.
type child struct {
	*testing.T
	addr string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	log  []string
}

func startChild(t *testing.T, engine string, idle time.Duration) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestServer$")
	cmd.Env = append(os.Environ(), childEngine+"="+engine, childIdle+"="+idle.String())
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
	c := &child{T: t, cmd: cmd, in: in, out: bufio.NewScanner(out)}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	c.line(&c.addr)
	return c
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

// limit lets the child have n descriptors.
func (c *child) limit(n int) {
	c.Helper()
	var open, shed, refused int
	fmt.Fprintln(c.in, n)
	c.line(&open, &shed, &refused)
}

// end stops the child and returns what it has logged.
func (c *child) end() (logged string) {
	c.Helper()
	c.in.Close()
	for c.out.Scan() {
		c.log = append(c.log, c.out.Text())
	}
	if err := c.cmd.Wait(); err != nil {
		c.Errorf("%v: %q", err, c.log)
	}
	return strings.Join(c.log, "\n")
}
