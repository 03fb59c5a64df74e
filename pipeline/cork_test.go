package pipeline_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// soon is the next answer, or "nothing" when none comes.
func soon(t *testing.T, c *peer) string {
	heard := make(chan string, 1)
	go func() {
		l, _ := c.in.ReadString('\n')
		heard <- strings.TrimSuffix(l, "\n")
	}()
	select {
	case l := <-heard:
		return l
	case <-time.After(time.Second):
		return "nothing"
	}
}

// A lane that has held answers back for one that is missing in between writes them before it waits for room in a queue.
func TestNothingIsHeldBackOfALaneThatWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("full"), mem.New(mem.Limits(unlimited))
		begin, end := make(chan struct{}), make(chan struct{})
		on, answered := decoded(p, s).
			Shard("shard", 2, firstWord, queue.Chan[row], queue.Batch(2)).
			Via("gate", stage.Do(func(l *row) {
				switch string(l.Text[1:]) {
				case " begin":
					<-begin
				case " end":
					<-end
				}
			})).
			Branch("on", func(l *row) bool { return bytes.HasSuffix(l.Text, []byte("on")) })
		reply(answered)
		on.Queue("queue", queue.Chan[row], queue.Cap(1), queue.Batch(1)).Via("wait", stage.Do(func(*row) { <-end })).To("later", sinks.Reply(text))
		stop := start(t, p)
		one, two := wordsOfTwoLanes()
		other, c := dial(t, s), dial(t, s)
		other.say(one + " begin")
		synctest.Wait()
		c.say(one+" first", two+" end", one+" third", one+" on", one+" on", one+" on", one+" on")
		synctest.Wait()
		close(begin)
		equal(t, "answer", soon(t, c), one+" first")
		close(end)
		c.CloseWrite()
		other.rest(t)
		noError(t, stop())
	})
}

// A stage that is flushed because its lane goes answers while the lane rests.
func TestNothingIsHeldBackOfALaneThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		p, s := pipeline.New("shrinks"), mem.New(mem.Limits(unlimited))
		reply(decoded(p, s).Shard("shard", 2, firstWord, queue.Ring).Via("gate", stage.Do(func(l *row) {
			if bytes.HasSuffix(l.Text, []byte("end")) {
				<-end
			}
		})).Via("batch", stage.Batch[row](10, time.Hour)))
		stop := start(t, p)
		c := dial(t, s)
		stays, goes := wordsOfTwoLanes()
		c.say(goes+" first", stays+" end", goes+" third")
		synctest.Wait()
		resized := make(chan error)
		go func() { resized <- p.Resize(t.Context(), "shard", 1) }()
		synctest.Wait()
		equal(t, "answer", soon(t, c), goes+" first")
		close(end)
		noError(t, <-resized)
		c.rest(t)
		noError(t, stop())
	})
}

// wordsOfTwoLanes are first words that go to the first and to the second lane of two.
func wordsOfTwoLanes() (first, second string) {
	for c := byte('a'); first == "" || second == ""; c++ {
		if w := string(c); stage.Partition(stage.Hash([]byte(w)))%2 == 0 {
			first = w
		} else {
			second = w
		}
	}
	return first, second
}
