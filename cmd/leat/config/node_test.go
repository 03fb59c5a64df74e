package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
)

// A shape is a tree that shows what it was given.
type shape struct{ text string }

func (s *shape) String() string { return s.text }
func (*shape) Type() string     { return "shape" }
func (*shape) Wanted() string   { return "a shape" }

func (s *shape) Set(text string) error {
	if text == "bad" {
		return fmt.Errorf("bad")
	}
	s.text = text
	return nil
}

func (s *shape) SetNode(n config.Node) []error {
	var wrong []error
	s.text = show(n, &wrong)
	return wrong
}

// show writes a node with the lines of what is in it.
func show(n config.Node, wrong *[]error) string {
	var all []string
	switch {
	case n.IsText() && n.Text == "bad":
		*wrong = append(*wrong, config.Wrong(n.Line, "this is %s", n.Text))
	case n.IsText():
		return fmt.Sprintf("%s@%d", n.Text, n.Line)
	case n.IsList():
		for _, i := range n.Items {
			all = append(all, show(i, wrong))
		}
	case n.IsMap():
		for _, f := range n.Fields {
			all = append(all, fmt.Sprintf("%s@%d=%s", f.Key, f.Line, show(f.Node, wrong)))
		}
	}
	return fmt.Sprintf("%v@%d", all, n.Line)
}

func TestATreeIsReadWithItsLines(t *testing.T) {
	load := func(file string, environ ...string) (string, error) {
		s := &shape{"default"}
		flags := pflag.NewFlagSet("tcp", pflag.ContinueOnError)
		flags.Var(s, "shape", "")
		_, err := config.Schema{{Name: "tcp", Flags: flags}}.Load(config.Sources{File: write(t, "leat.yaml", file), Environ: environ})
		return s.text, err
	}
	for _, c := range []struct{ file, want string }{
		{"tcp:\n  shape: a\n", "a@2"},
		{"tcp:\n  shape:\n    - a\n    - b: 1\n      c: [x, 007]\n", "[a@3 [b@4=1@4 c@5=[x@5 007@5]@5]@4]@3"},
		{"tcp: &t\n  shape: &x\n    k: v\n", "[k@3=v@3]@2"},
		{"a: &x {k: v}\ntcp:\n  shape: *x\n", "[k@1=v@1]@1"},
	} {
		got, err := load(c.file)
		if c.file[0] == 'a' { // a section that nobody has
			if err == nil || !strings.Contains(err.Error(), "leat.yaml:1: there is no a") {
				t.Errorf("%q: %v", c.file, err)
			}
		} else if err != nil {
			t.Errorf("%q: %v", c.file, err)
		}
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.file, got, c.want)
		}
	}
	_, err := load("tcp:\n  shape:\n    - bad\n    - a\n    - [bad]\n  shpae: 1\n")
	for _, want := range []string{"leat.yaml:3: tcp.shape: this is bad", "leat.yaml:5: tcp.shape: this is bad", "leat.yaml:6: there is no tcp.shpae; the nearest is tcp.shape"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if got, err := load("tcp: {shape: a}", "LEAT_TCP_SHAPE=env"); got != "env" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := load("tcp: {shape: a}", "LEAT_TCP_SHAPE=bad"); err == nil || !strings.Contains(err.Error(), `LEAT_TCP_SHAPE is "bad": bad; wanted a shape`) {
		t.Errorf("%v", err)
	}
	if _, err := load("tcp: {shape: {a: b, a: c}}"); err == nil || !strings.Contains(err.Error(), "already defined") {
		t.Errorf("a key that is there twice: %v", err)
	}
}
