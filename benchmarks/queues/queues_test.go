//go:build linux

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
	dir := t.TempDir()
	o := options{
		rounds: 1, items: 20_000, pings: 5, length: 40 * time.Millisecond, rows: regexp.MustCompile(""),
		record: filepath.Join(dir, "queues.jsonl"), page: filepath.Join(dir, "results.md"),
	}
	var first, second strings.Builder
	if err := run(t.Context(), o, &first); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(o.page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, r := range rows(o) {
		if !strings.Contains(text, r.table.title) || !strings.Contains(text, "| "+r.name+" |") {
			t.Errorf("there is no row %s in %q", r.name, r.table.title)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error(text)
	}
	o.resume = true
	if err := run(t.Context(), o, &second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("a run that is resumed measures again")
	}
}
