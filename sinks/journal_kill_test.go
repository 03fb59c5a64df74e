package sinks_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
)

// killedJournal names the journal of the server that TestKilledServer is, when it is one.
const killedJournal = "LEAT_KILLED_JOURNAL"

// cycles is how often a server is killed: some times, or as often as LEAT_CYCLES says.
func cycles() int {
	if n, err := strconv.Atoi(os.Getenv("LEAT_CYCLES")); err == nil {
		return n
	}
	return 5
}

// TestKilledServer is not a test but the server that the next one kills: it says where it listens, and serves for ever.
func TestKilledServer(t *testing.T) {
	path := os.Getenv(killedJournal)
	if path == "" {
		t.Skip("only a child of another test: TestAKilledServerHasKeptWhatItAnswered starts it")
	}
	j := openJournal(t, path, sinks.JournalOptions{})
	src := tcp.Listen("127.0.0.1:0")
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nlistening %s\n", src.Addr())
	go rewriting(t.Context(), j, path)
	if err := journaling(src, j, 4).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// rewriting replaces the journal over and over by its own lines, so that servers are killed in the middle of that too.
func rewriting(ctx context.Context, j *sinks.Journal, path string) {
	for ctx.Err() == nil {
		err := j.Rewrite(func(emit func([]byte) error) error {
			lines, err := linesOf(ctx, path)
			for _, l := range lines {
				err = errors.Join(err, emit([]byte(l+"\n")))
			}
			return err
		})
		if err != nil && runtime.GOOS != "windows" { // which does not replace a file that is open
			panic(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A server is killed again and again while clients write, and its successor goes on with the journal. Whatever any of them
// has answered is in it.
func TestAKilledServerHasKeptWhatItAnswered(t *testing.T) {
	path := newPath(t)
	var answered []string // by all servers so far
	for cycle := range cycles() {
		answered = append(answered, killUnderLoad(t, path, cycle)...)
		kept := map[string]bool{}
		for _, l := range replayed(t, path) {
			kept[l] = true
		}
		for _, l := range answered {
			if !kept[l] {
				t.Fatalf("server %d answered %q and the journal, with %d lines, does not have it", cycle, l, len(kept))
			}
		}
	}
	t.Logf("%d servers were killed and had answered %d lines", cycles(), len(answered))
	if len(answered) == 0 {
		t.Error("nothing was answered")
	}
}

// killUnderLoad runs a server, kills it while clients write, and returns what it has answered.
func killUnderLoad(t *testing.T, path string, cycle int) (answered []string) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilledServer$")
	cmd.Env = append(os.Environ(), killedJournal+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		address, _ = strings.CutPrefix(lines.Text(), "listening ")
		if address == lines.Text() {
			address = ""
		}
	}
	if address == "" {
		t.Fatal("the server has not come up")
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			mine := client(address, fmt.Sprintf("%d/%d", cycle, c))
			mu.Lock()
			defer mu.Unlock()
			answered = append(answered, mine...)
		})
	}
	time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait()
	wg.Wait()
	return answered
}

// client sends lines, eight at a time, until the server is gone, and returns those that were answered.
func client(address, name string) (answered []string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil
	}
	defer c.Close()
	go func() {
		for i := 0; ; i++ {
			if _, err := io.WriteString(c, fmt.Sprintf("%s %d\n", name, i)); err != nil {
				return
			}
			if i%8 == 7 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	in := bufio.NewReader(c)
	for {
		s, err := in.ReadString('\n')
		if err != nil {
			return answered
		}
		answered = append(answered, strings.TrimSuffix(s, "\n"))
	}
}
