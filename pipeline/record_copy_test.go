package pipeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// A knot is a message whose slices lie in one another.
type knot struct {
	stage.Head
	parts          [2]struct{ key, value []byte }
	all, none, end []byte
	nested         [][]int
	pointer        *int
	grows          []byte
}

func TestACopyOfAMessageHasItsSlicesAndHowTheyLie(t *testing.T) {
	shared := 7
	var had []string
	look := func(k *knot) string {
		return fmt.Sprintf("%q %q %q %q %d %v %v", k.parts, k.all, k.none, k.end, k.nested, *k.pointer, cap(k.grows)-len(k.grows) >= 3)
	}
	p := pipeline.New("knots")
	p.From(feed[knot]{func(in *pipeline.Inlet[knot]) {
		a := stage.NewArena[knot](in.Lane)
		for i := range 5 {
			k := a.New()
			slab, b := in.Lane.Bytes(11)
			k.SetSlab(slab)
			copy(b, fmt.Sprint("key", i, " ", "value", i))
			k.all, k.none, k.end = b, b[4:4], b[11:]
			k.parts[0].key, k.parts[0].value = b[:4:4], b[5:11:11]
			k.parts[1].value = b[2:7]
			k.nested = [][]int{{i}, nil, {i, i}}
			k.pointer, k.grows = &shared, make([]byte, 1, 8)
			in.Push([]*knot{k})
		}
	}}).Via("change", stage.Do(func(k *knot) {
		had = append(had, look(k))
		k.parts[0].key[0] = 'K' // seen in all
		k.all[5] = 'V'
		k.nested[0][0]++
		k.nested[2] = nil
		k.parts[1].key, k.end = k.all, append(k.end, 'x')
		k.none = k.grows
	})).To("end", sinks.Discard[knot]())
	rec := p.Record(10)
	rec.Start()
	noError(t, runOnce(p))
	want := slices.Clone(had)
	equal(t, "messages", len(want), 5)
	changed, err := rec.Inputs("end")
	noError(t, err)
	equal(t, "what is written is seen in", string(changed[3].Message.(*knot).all), "Key3 Value3")
	for _, batch := range []int{1, 2, 5} {
		r, err := rec.Replay("change", batch)
		noError(t, err)
		for range 2 {
			had = nil
			out, err := r.Outputs(t.Context())
			noError(t, err)
			if !slices.Equal(had, want) {
				t.Fatalf("the stage sees %q, saw %q", had, want)
			}
			for i, s := range out {
				equal(t, "it makes", look(s.Message.(*knot)), look(changed[i].Message.(*knot)))
			}
		}
		r.Close()
	}
}
