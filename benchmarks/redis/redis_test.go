//go:build linux

package main

import (
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/record"
	"github.com/leat-io/leat/benchmarks/record/recordtest"
	"github.com/leat-io/leat/benchmarks/rounds"
)

func TestOptions(t *testing.T) {
	o, err := parse([]string{"-client", "leat load", "-rows", "^get"})
	if err != nil || !o.client.Own || o.Rounds != 20 {
		t.Fatal(o, err)
	}
	if got := (bench{}).rows(t.Context(), o, "journal"); len(got) != 2 || got[1].Name != "get c50 P16" {
		t.Error(got)
	}
	if _, err := parse([]string{"-requests", "10"}); err == nil {
		t.Error("ten requests are taken")
	}
}

// Everything is measured once for a moment by each client, and again from the record.
func TestAllTablesAreFilled(t *testing.T) {
	for _, program := range []string{"redis-server", "redis-benchmark"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s (Debian: redis)", program)
		}
	}
	t.Chdir("..") // where the command runs
	for _, c := range kvclient.All {
		o := options{Options: rounds.Options{Rounds: 1, Rows: regexp.MustCompile("")}, requests: 2000, client: c}
		text := recordtest.Twice(t, func(to record.Output, shown io.Writer) error {
			o.output = to
			return run(t.Context(), o, shown)
		})
		for _, r := range (bench{}).rows(t.Context(), o, "") {
			for _, e := range r.Entries {
				if !strings.Contains(text, "| "+r.Name+" | "+e.Name+" | ") {
					t.Errorf("%s has no %s in\n%s", r.Name, e.Name, text)
				}
			}
		}
	}
}
