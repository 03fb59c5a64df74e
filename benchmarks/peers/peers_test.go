//go:build linux

package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
)

// TestMain lets the program of the tests be the client that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == drive.Command {
		measure.Fail("peers", drive.Main(os.Args[2], os.Stdout))
		return
	}
	os.Exit(m.Run())
}

func TestEveryRivalEchoes(t *testing.T) {
	f, err := build(t.Context(), t.TempDir(), rivals)
	if err != nil {
		t.Fatal(err)
	}
	if f.missing != "" {
		t.Log("not there:", f.missing)
	}
	for _, c := range f.contenders {
		for _, cpus := range [][]int{{measure.ServerCPU}, {0, 1}} {
			c.CPUs = cpus
			if err := verify(t.Context(), c.Server); err != nil {
				t.Error(cpus, err)
			}
		}
	}
}

func TestAServerThatDoesNotEchoIsFoundOut(t *testing.T) {
	f, err := build(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t.Context(), f.empty); err == nil {
		t.Fatal("a server that closes its connections echoes")
	}
}

// TestAllTablesAreFilled measures everything once, with few connections and for a moment, and again from the record.
func TestAllTablesAreFilled(t *testing.T) {
	o := options{
		pairs: 1, length: 50 * time.Millisecond, conns: 100, rate: 2000, rivals: rivals,
		rows: regexp.MustCompile(`closed/(64x16|100x1)|unpinned/64x1$|open|connect|memory`),
	}
	text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
		o.output = to
		return run(t.Context(), o, shown)
	})
	for _, table := range tables(o) {
		if !strings.Contains(text, table.title) {
			t.Errorf("there is no table %q", table.title)
		}
	}
	if strings.Contains(text, "failed") {
		t.Error(text)
	}
}
