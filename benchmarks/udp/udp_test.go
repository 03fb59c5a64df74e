//go:build linux

package main

import (
	"context"
	"github.com/leat-io/leat/benchmarks/measure"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests' own program is what sends.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == sendCommand {
		measure.Fail("udp", sending(os.Args[2], os.Stdout))
		return
	}
	os.Exit(m.Run())
}

// Every receiver counts what is sent, and those that answer do so: else the figures mean nothing.
func TestEveryReceiverReceives(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("there is no second processor for the sender")
	}
	o := options{pairs: 1, length: 100 * time.Millisecond, flows: 4, rows: regexp.MustCompile("")}
	dir := t.TempDir()
	var names []string
	for name := range receivers {
		names = append(names, name)
	}
	slices.Sort(names)
	missing, err := build(context.Background(), dir, names)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if receivers[name].folder == "c" && len(missing) > 0 {
			t.Log(missing)
			continue
		}
		echoes := strings.Contains(name, "echo")
		f, err := table{cpus: []int{0}, answers: echoes}.measure(t.Context(), dir, receivers[name], row{rate: 2000}, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if lost := f.Loss > 0; lost != (name == "c-drop") || echoes && f.Answers < .9 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestRowsAndReceiversAreChosen(t *testing.T) {
	o, err := parse([]string{"-rows", "plain/300k", "-receivers", "c, leat-mmsg"})
	if err != nil {
		t.Fatal(err)
	}
	all := tables(o)
	if len(all) != 1 || len(all[0].rows) != 1 || !slices.Equal(all[0].receivers, []string{"leat-mmsg", "c"}) {
		t.Errorf("%+v", all)
	}
	if _, err := parse([]string{"-receivers", "nobody"}); err == nil {
		t.Error("nobody is no receiver")
	}
}
