package pool

import (
	"fmt"
	"math"
	"time"

	"github.com/leat-io/leat/pool/forecast"
)

// A Demand says how the number of open connections follows how many are in use.
type Demand struct {
	Interval time.Duration // of which the most in use at a time is one number of the series
	Period   int           // intervals after which demand has the same shape again, such as a day; 0 when it has none
	Headroom float64       // the share that is kept open beyond what is in use or forecast
	Calm     int           // intervals in a row that must need less before connections are closed
}

// DefaultDemand looks at each minute and takes the shape of a day.
var DefaultDemand = Demand{Interval: time.Minute, Period: 24 * 60, Headroom: .25, Calm: 10}

// Validate says what is wrong with d, in a sentence.
func (d Demand) Validate() error {
	switch {
	case d.Interval < time.Duration(tick):
		return fmt.Errorf("the interval of demand must be at least %v, not %v", time.Duration(tick), d.Interval)
	case !(d.Headroom >= 0 && d.Headroom <= 10):
		return fmt.Errorf("the headroom must be a share from 0 to 10, not %v", d.Headroom)
	case d.Calm < 1:
		return fmt.Errorf("the calm before connections are closed must be at least one interval, not %d", d.Calm)
	}
	_, err := forecast.New(d.Period, forecast.DefaultSmoothing)
	return err
}

// slack is how much less than now must be needed to count as less, so that the number does not follow noise.
const slack = .8

// A follower turns what is in use into how many are to be open.
type follower struct {
	Demand
	series *forecast.Series
	target int
	calm   int // intervals in a row that needed less
	least  int // the most that one of them needed
}

func (d Demand) follower() *follower {
	series, err := forecast.New(d.Period, forecast.DefaultSmoothing)
	if err != nil {
		panic(err) // Validate has refused it
	}
	return &follower{Demand: d, series: series}
}

// add takes the most that were in use in an interval. More are open at once when the forecast for the next two intervals
// needs more, fewer only after a calm.
func (f *follower) add(most int) {
	f.series.Add(float64(most))
	need := max(float64(most), f.series.Next(1), f.series.Next(2))
	wanted := int(math.Ceil(need * (1 + f.Headroom)))
	switch {
	case wanted >= f.target:
		f.target, f.calm, f.least = wanted, 0, 0
	case float64(wanted) > slack*float64(f.target):
		f.calm, f.least = 0, 0
	default:
		f.calm++
		f.least = max(f.least, wanted)
		if f.calm >= f.Calm {
			f.target, f.calm, f.least = f.least, 0, 0
		}
	}
}
