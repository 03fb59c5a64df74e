package rounds_test

import (
	"flag"
	"testing"

	"github.com/leat-io/leat/benchmarks/rounds"
)

func TestOptions(t *testing.T) {
	parse := func(args ...string) (o rounds.Options, err error) {
		f := flag.NewFlagSet("test", flag.ContinueOnError)
		o.Flags(f, 7, "closed/64")
		return o, o.Parse(f, args)
	}
	if o, err := parse(); err != nil || o.Rounds != 7 || !o.Rows.MatchString("any") {
		t.Error(o, err)
	}
	if o, err := parse("-rounds", "2", "-rows", "^a/1"); err != nil || o.Rounds != 2 || !o.Rows.MatchString("a/16") || o.Rows.MatchString("b/a/1") {
		t.Error(o, err)
	}
	for _, bad := range [][]string{{"-rounds", "0"}, {"-rows", "("}, {"an argument"}} {
		if _, err := parse(bad...); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
