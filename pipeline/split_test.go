package pipeline_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// A get is one key of a request for several, such as MGET of RESP. The children share a slice for their results.
type get struct {
	stage.Head
	Key    []byte
	Index  int
	Values [][]byte
}

// keys makes a child of each word behind the first.
func keys(in *row, emit func() *get) {
	words := bytes.Fields(in.Text)[1:]
	values := make([][]byte, len(words))
	for i, w := range words {
		g := emit()
		g.Key, g.Index, g.Values = w, i, values
	}
}

// look finds the value of a key, on the lane that owns the key. Some keys are trouble.
func look(g *get) bool {
	switch {
	case bytes.HasPrefix(g.Key, []byte("lost")):
		return false
	case bytes.HasPrefix(g.Key, []byte("boom")):
		panic("as asked")
	case bytes.HasPrefix(g.Key, []byte("slow")):
		time.Sleep(time.Millisecond)
	}
	g.Values[g.Index] = append([]byte("value of "), g.Key...)
	return true
}

func mget(s *mem.Source, q queue.Maker[get]) *pipeline.Pipeline {
	p := pipeline.New("mget", quiet)
	decoded(p, s).
		Via("keys", stage.Split(keys)).
		Shard("by key", 4, func(g *get) uint64 { return stage.Hash(g.Key) }, q, queue.Cap(4), queue.Batch(2)).
		Via("look", stage.Filter(look)).
		Via("gather", stage.Gather[get]()).
		Via("answer", stage.Map(func(o *row, g *get) { o.Text = bytes.Join(g.Values, []byte(", ")) })).
		To("reply", sinks.Reply(line.Text(64<<10)))
	return p
}

func TestASplitRequestIsAnsweredByItsLastChild(t *testing.T) {
	for name, q := range map[string]queue.Maker[get]{"chan": queue.Chan[get], "ring": queue.Ring[get], "blocks": queue.Blocks[get], "workiva": queue.Workiva[get]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := mem.New(mem.Limits(unlimited))
				p := mget(s, q)
				stop := start(t, p)
				c, d := dial(t, s), dial(t, s)
				var want []string
				for i := range 100 {
					keys := []string{"get"}
					var values []string
					for k := range i % 6 {
						key := fmt.Sprintf("%s%d-%d", []string{"k", "slow"}[k%2], i, k)
						keys, values = append(keys, key), append(values, "value of "+key)
					}
					c.say(strings.Join(keys, " "))
					if len(values) > 0 { // a request for nothing has no children and no answer
						want = append(want, strings.Join(values, ", "))
					}
				}
				d.say("get a b lost c", "get d")
				equal(t, "answer behind a lost child", d.hear(t), "value of d")
				d.say("get a boom b", "get e")
				equal(t, "answers behind a panic", joined(d.all(t)), "")
				equal(t, "answers", strings.Join(c.rest(t), "\n"), strings.Join(want, "\n"))
				noError(t, stop())
			})
		})
	}
}
