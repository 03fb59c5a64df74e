package pipeline_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// text is the protocol of most tests: a line is answered by a line.
var text = line.Text(64 << 10)

type (
	row   = line.Line
	flow  = *pipeline.Flow[row]
	maker = stage.Maker[row, row]
)

// quiet is for tests whose stages fail on purpose.
var quiet = pipeline.Log(slog.New(slog.DiscardHandler))

// decoder is the stage that most assemblies begin with.
var decoder = codec.Decode(text)

func decoded(p *pipeline.Pipeline, s pipeline.Source[stage.Segment]) flow {
	return p.From(s).Via("decode", decoder)
}

func reply(f flow) { f.To("reply", sinks.Reply(text)) }

func upper(l *row) { copy(l.Text, bytes.ToUpper(l.Text)) }

// unlimited are limits without times, for virtual time that is not to run into them.
var unlimited = stage.Limits{InFlight: 1024, OutLow: 16 << 10, OutHigh: 64 << 10, OutHard: 1 << 20}

// start runs p. What it returns ends p and returns what Run returned; it may be called again.
func start(t testing.TB, p *pipeline.Pipeline) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended, err := make(chan struct{}), error(nil)
	go func() {
		err = p.Run(ctx)
		close(ended)
	}()
	stop = func() error {
		cancel()
		<-ended
		return err
	}
	stalled := time.AfterFunc(48*time.Hour, func() { // in virtual time, soon after everybody waits for everybody
		b := make([]byte, 1<<20)
		panic("the pipeline has stalled:\n" + string(b[:runtime.Stack(b, true)]))
	})
	t.Cleanup(func() {
		stop()
		stalled.Stop()
	})
	return stop
}

// ends waits until p ends by itself, and stop has been called by nobody.
func ends(t testing.TB, p *pipeline.Pipeline) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := p.Run(ctx)
	if ctx.Err() != nil {
		t.Fatalf("the pipeline did not end by itself: %v", err)
	}
	return err
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func contains(t testing.TB, s string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			t.Fatalf("%q is missing in %q", p, s)
		}
	}
}

// A peer is a client that talks lines.
type peer struct {
	*mem.Client
	in *bufio.Reader
}

func dial(t testing.TB, s *mem.Source) *peer {
	t.Helper()
	c, err := s.Dial()
	noError(t, err)
	return &peer{c, bufio.NewReader(c)}
}

func (p *peer) say(lines ...string) {
	for _, l := range lines {
		p.Write([]byte(l + "\n"))
	}
}

// hear reads one answer.
func (p *peer) hear(t testing.TB) string {
	t.Helper()
	s, err := p.in.ReadString('\n')
	noError(t, err)
	return strings.TrimSuffix(s, "\n")
}

func (p *peer) ask(t testing.TB, q string) string {
	t.Helper()
	p.say(q)
	return p.hear(t)
}

// rest says that nothing more comes, and reads all answers to the end.
func (p *peer) rest(t testing.TB) []string {
	t.Helper()
	p.CloseWrite()
	return p.all(t)
}

func (p *peer) all(t testing.TB) []string {
	t.Helper()
	b, err := io.ReadAll(p.in)
	noError(t, err)
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func joined(lines []string) string { return strings.Join(lines, " ") }

// numbered are n lines.
func numbered(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprint("m", i))
	}
	return lines
}

// each runs f in a bubble of virtual time for each queue that there is.
func each(t *testing.T, f func(t *testing.T, q queue.Maker[row])) { eachOf(t, queues, f) }

// eachExact does so for the queues in which messages that are lent neither count nor hold room.
func eachExact(t *testing.T, f func(t *testing.T, q queue.Maker[row])) { eachOf(t, queues[:2], f) }

func eachOf(t *testing.T, queues []named, f func(t *testing.T, q queue.Maker[row])) {
	for _, q := range queues {
		t.Run(q.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, q.make) })
		})
	}
}

type named struct {
	name string
	make queue.Maker[row]
}

var queues = []named{{"chan", queue.Chan[row]}, {"workiva", queue.Workiva[row]}, {"ring", queue.Ring[row]}, {"blocks", queue.Blocks[row]}}

// A worker is a stage made of a function.
type worker func(dst, src []*row) ([]*row, error)

func (w worker) Process(dst, src []*row) ([]*row, error) { return w(dst, src) }

func made(w worker) maker { return func(*stage.Lane) stage.Stage[row, row] { return w } }

// drained says what a DrainError reports, by node.
func drained(t testing.TB, err error) map[string]int {
	t.Helper()
	d, ok := errors.AsType[*pipeline.DrainError](err)
	if !ok {
		t.Fatalf("Run returned %v, not a DrainError", err)
	}
	lost := map[string]int{}
	for _, l := range d.Lost {
		lost[l.Node] += l.Count
	}
	return lost
}
