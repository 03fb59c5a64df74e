package rounds_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	. "github.com/leat-io/leat/benchmarks/rounds"
)

func TestWhoeverFailsIsLeftOutAndTheOthersGoOn(t *testing.T) {
	var order []string
	b, n := said(&order, "b", 1), 0
	run := b.Run
	b.Run = func() (sample, error) {
		if n++; n == 2 {
			return sample{}, errors.New("it is broken")
		}
		return run()
	}
	got, err := Row[sample]{"row", table, []Entry[sample]{said(&order, "a", 1), b}}.Try(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if order := strings.Join(order, ""); order != "abaaa" || len(got.Runs["a"]) != 4 || len(got.Runs) != 1 || got.Failed["b"] != "it is broken" {
		t.Errorf("%s ran, and gave %+v", order, got)
	}
}

func TestATrialThatIsInterruptedIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := Row[sample]{"row", table, []Entry[sample]{{"a", func() (sample, error) {
		cancel()
		return sample{}, nil
	}}}}
	if _, err := r.Try(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
