package pipeline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// The lane of a stage that may wait takes one message at a time, so that the first answer does not wait for the tenth.
func TestABlockingLaneTakesOneMessageAtATime(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  []queue.Option
		first time.Duration
	}{
		{"by default", nil, time.Second},
		{"unless told otherwise", []queue.Option{queue.Batch(5)}, 5 * time.Second},
		{"and told what is usual elsewhere", []queue.Option{queue.Batch(queue.DefaultBatch)}, 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, q queue.Maker[row]) {
				p, s := pipeline.New("disk"), mem.New(mem.Limits(unlimited))
				gate := make(chan struct{})
				reply(decoded(p, s).Queue("queue", q, c.opts...).
					Via("disk", stage.Blocking(stage.Do(func(l *row) {
						<-gate
						time.Sleep(time.Second)
					}))))
				stop := start(t, p)
				client := dial(t, s)
				client.say("before") // takes the lane, so that the others wait together
				synctest.Wait()
				client.say(numbered(10)...)
				synctest.Wait()
				close(gate)
				equal(t, "answer", client.hear(t), "before")
				began := time.Now()
				equal(t, "answer", client.hear(t), "m0")
				equal(t, "the first answer took", time.Since(began), c.first)
				client.rest(t)
				noError(t, stop())
			})
		})
	}
}
