package compare

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestQuantilesReachAsFarAsThereAreLatencies(t *testing.T) {
	var latencies []time.Duration
	for i := range 1001 {
		latencies = append(latencies, time.Duration(1000-i)*time.Microsecond)
	}
	q := Quantiles(latencies)
	if q[0] != (Quantile{0, 0}) || q[len(q)-1] != (Quantile{1, time.Millisecond}) || len(q) != 32 {
		t.Errorf("%d points from %v to %v", len(q), q[0], q[len(q)-1])
	}
	for _, c := range []struct {
		below float64
		want  time.Duration
	}{{.5, 500}, {.9, 900}, {.99, 990}, {.999, 999}, {1, 1000}, {0, 0}, {2, 1000}} {
		if got := at(q, c.below); got < (c.want-2)*time.Microsecond || got > (c.want+2)*time.Microsecond {
			t.Errorf("at %v: %v, want about %v µs", c.below, got, c.want)
		}
	}
	if at(nil, .5) != 0 || Quantiles(nil) != nil {
		t.Error("nothing has quantiles")
	}
}

func TestTheTypicalDistributionIsTheMedianOfTheRuns(t *testing.T) {
	got := typical([][]Quantile{
		{{0, 1}, {.5, 10}, {.9, 100}, {1, 500}},
		{{0, 2}, {.5, 30}, {1, 300}},
		{{0, 9}, {.5, 20}, {1, 900}},
	})
	if want := []Quantile{{0, 2}, {.5, 20}, {1, 500}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if typical(nil) != nil {
		t.Error("nothing is typical")
	}
}

func TestAQuantileIsAPairInJSON(t *testing.T) {
	b, err := json.Marshal(Quantile{.99, 1500 * time.Nanosecond})
	var back Quantile
	if err != nil || string(b) != "[0.99,1.500]" || json.Unmarshal(b, &back) != nil || back != (Quantile{.99, 1500}) {
		t.Errorf("%s, %v, %v", b, back, err)
	}
	if err := json.Unmarshal([]byte(`"x"`), &back); err == nil {
		t.Error("a word is no pair")
	}
}
