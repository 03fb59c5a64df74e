package sinks_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/file"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// A set of words answers "add word" and "has word". Words survive the server.
type words struct {
	mu  sync.Mutex
	set map[string]bool
}

func (w *words) serve(l *line.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	verb, word, _ := strings.Cut(string(l.Text), " ")
	if verb == "add" {
		w.set[word] = true
	}
	l.Text = fmt.Append(nil, w.set[word])
}

func isWrite(l *line.Line) bool { return strings.HasPrefix(string(l.Text), "add ") }

// session opens the journal, replays it, serves one client and ends.
func session(path string, say ...string) error {
	j, err := sinks.OpenJournal(path, sinks.JournalOptions{Sync: sinks.SyncAlways})
	if err != nil {
		return err
	}
	defer j.Close()
	wire, store := line.Text(1000), words{set: map[string]bool{}}

	replay := file.Journal(path)
	load := pipeline.New("load")
	load.From(replay).Via("decode", codec.Decode(wire)).Via("words", stage.Do(store.serve)).To("end", sinks.Discard[line.Line]())
	if err := replay.Run(context.Background(), load); err != nil {
		return err
	}
	fmt.Println("replayed", replay.Replayed().Records)

	clients := mem.New()
	serve := pipeline.New("serve")
	calls, copies := serve.From(clients).Via("decode", codec.Decode(wire)).
		Queue("calls", queue.Chan, queue.Batch(256)).
		Tee("writes")
	copies.Via("only writes", stage.Filter(isWrite)).To("journal", j.Sink(wire))
	calls.Via("words", stage.Do(store.serve)).To("reply", sinks.Reply(wire))

	ctx, stop := j.Guard(context.Background())
	defer stop()
	go talk(clients, stop, say)
	return serve.Run(ctx)
}

// talk sends each line and prints its answer.
func talk(clients *mem.Source, stop func(), say []string) {
	defer stop()
	c, err := clients.Dial()
	if err != nil {
		return
	}
	for _, s := range say {
		c.Write([]byte(s + "\n"))
		b := make([]byte, 100)
		n, _ := c.Read(b)
		fmt.Printf("%s: %s", s, b[:n])
	}
}

func Example_journal() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "words")
	for say := range slices.Values([][]string{{"add leat", "has mill"}, {"has leat", "has mill"}}) {
		if err := session(path, say...); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// replayed 0
	// add leat: true
	// has mill: false
	// replayed 1
	// has leat: true
	// has mill: false
}
