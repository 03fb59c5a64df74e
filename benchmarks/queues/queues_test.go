//go:build linux

package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
	"github.com/leat-io/leat/benchmarks/rounds"
)

func TestEveryQueueCarriesEachItemOnce(t *testing.T) {
	t.Run("8 bytes", carriesEachOnce[word])
	t.Run("64 bytes", carriesEachOnce[line])
}

func carriesEachOnce[T item](t *testing.T) {
	for _, c := range candidates[T]() {
		for _, s := range []shape{oneToOne, manyToOne, manyToMany} {
			for _, batch := range []int{1, 32, 256} {
				if !c.serves(s, batch) {
					continue
				}
				if _, err := carry(c, s, batch, 10*capacity+1); err != nil {
					t.Error(s, batch, err)
				}
			}
		}
	}
}

// loses gives up every hundredth item.
type loses struct{ channel[word] }

func (l loses) produce(i int, from, to uint64, batch int) {
	for n := from; n < to; n++ {
		if n%100 != 0 {
			l.channel.produce(i, n, n+1, batch)
		}
	}
}

func TestAQueueThatLosesItemsIsFoundOut(t *testing.T) {
	c := candidate[word]{"loses", false, manyToMany, func(shape, int) carrier { return loses{make(channel[word], capacity)} }}
	if _, err := carry(c, oneToOne, 1, 1000); err == nil {
		t.Fatal("no error")
	}
}

// TestAllTablesAreFilled measures everything once for a moment, and again from the record.
func TestAllTablesAreFilled(t *testing.T) {
	o := options{
		Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile("")}, items: 20_000, pings: 5, length: 40 * time.Millisecond,
	}
	text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
		o.output = to
		return run(t.Context(), o, shown)
	})
	for _, r := range rows(o) {
		if !strings.Contains(text, r.Table.Title) || !strings.Contains(text, "| "+r.Name+" |") {
			t.Errorf("there is no row %s in %q", r.Name, r.Table.Title)
		}
	}
}
