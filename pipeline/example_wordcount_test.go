package pipeline_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A word is a piece of a line. The pieces of one line share the slice of results.
type word struct {
	stage.Head
	Text    string
	Index   int
	Results []string
}

// words takes a line apart.
func words(l *line.Line, emit func() *word) {
	fields := strings.Fields(string(l.Text))
	results := make([]string, len(fields))
	for i, f := range fields {
		w := emit()
		w.Text, w.Index, w.Results = f, i, results
	}
}

// count makes a counter for each lane. The lane owns the words that reach it, so the map needs no lock.
func count(l *stage.Lane) stage.Stage[word, word] {
	seen := map[string]int{}
	return stage.Do(func(w *word) {
		seen[w.Text]++
		w.Results[w.Index] = fmt.Sprintf("%s=%d", w.Text, seen[w.Text])
	})(l)
}

func byWord(w *word) uint64 { return stage.Hash([]byte(w.Text)) }

func results(l *line.Line, w *word) { l.Text = []byte(strings.Join(w.Results, " ")) }

// A server that answers each line with how often it has seen each of its words. The words are counted on four lanes, and
// the last of a line to be counted brings the answer.
func Example_wordCount() {
	text := line.Text(4096)
	listen := tcp.Listen("127.0.0.1:0")
	if err := listen.Bind(); err != nil {
		fmt.Println(err)
		return
	}
	p := pipeline.New("word count")
	p.From(listen).
		Via("decode", codec.Decode(text)).
		Via("words", stage.Split(words)).
		Shard("by word", 4, byWord, queue.Chan).
		Via("count", count).
		Via("gather", stage.Gather[word]()).
		Via("results", stage.Map(results)).
		To("reply", sinks.Reply(text))

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()

	for _, answer := range talk(listen.Addr(), "row row row your boat", "gently down the stream", "row the boat") {
		fmt.Println(answer)
	}
	stop()
	fmt.Println("ended:", <-ended)

	// Output:
	// row=1 row=2 row=3 your=1 boat=1
	// gently=1 down=1 the=1 stream=1
	// row=4 the=2 boat=2
	// ended: <nil>
}
