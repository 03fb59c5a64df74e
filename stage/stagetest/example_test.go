package stagetest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

type word struct {
	stage.Head
	Text []byte
}

var upper = stage.Do(func(w *word) { copy(w.Text, bytes.ToUpper(w.Text)) })

// A stage runs alone on a rig: batches go in, and what it makes of them comes out.
func ExampleRig() {
	rig := stagetest.NewRig(upper)
	for _, text := range []string{"some", "words"} {
		w := rig.New()
		w.Text = []byte(text)
		out, err := rig.Push(w)
		fmt.Printf("%s %v\n", out[0].Text, err)
		rig.End() // takes the messages back
	}
	// Output:
	// SOME <nil>
	// WORDS <nil>
}

// To see who is answered what, give the messages tickets of a connection.
func ExampleConn() {
	rig := stagetest.NewRig(stage.Filter(func(w *word) bool { return len(w.Text) < 5 }))
	conn := stagetest.NewConn(stage.DefaultLimits)
	var batch []*word
	for _, text := range []string{"some", "longer", "word"} {
		w := rig.New()
		w.Text = []byte(text)
		batch = append(batch, w)
	}
	stagetest.Issue(rig.Lane.Lane, &conn.Conn, batch...)
	out, _ := rig.Push(batch...)
	answers := rig.Lane.Outbox()
	for _, w := range out {
		answers.Answer(&w.Head, append(append(answers.Buffer(), w.Text...), '\n'))
	}
	rig.End()
	owed, _ := conn.Owed()
	fmt.Print(conn.Wrote(), owed, " requests wait for an answer\n")
	// Output:
	// some
	// word
	// 0 requests wait for an answer
}

// The benchmark of one stage, in batches of several sizes.
func BenchmarkUpper(b *testing.B) {
	stagetest.Bench(b, upper, func(i int, w *word) { w.Text = fmt.Appendf(nil, "some text, number %d", i) })
}
