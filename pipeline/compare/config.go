package compare

import (
	"errors"
	"fmt"
	"time"
)

// Config says how to compare. The zero value of a field that has a default means that default.
type Config struct {
	Name   string // of the comparison: the title of its report. One program may have several
	Detail string // for the report: what the load is

	Load     Load
	Rounds   int           // in each of which every variant runs once; 1 to 1000, default 5
	Warmup   time.Duration // of each run, not counted; default 500 ms, or NoWarmup
	Duration time.Duration // of each run; 10 ms to 10 min, default 3 s

	// Pin gives the servers the first processor that this process may use and the loads the second, on Linux.
	Pin bool
	// Bound is how far from 1 an interval that holds 1 may reach to be "no difference"; default .05.
	Bound float64

	Progress func(Progress) // called before each run and at the end, if not nil
}

// The defaults of Config. Five pairs are the fewest whose interval is of use: Student's t is 2.8 there, and 12.7 with two.
const (
	DefaultRounds   = 5
	DefaultWarmup   = 500 * time.Millisecond
	DefaultDuration = 3 * time.Second
	DefaultBound    = .05
)

const (
	// MaxVariants is the most that are compared with one another.
	MaxVariants = 64
	maxRounds   = 1000
	maxDuration = 10 * time.Minute
	minDuration = 10 * time.Millisecond

	// turnover is about how long two processes take to start and to end.
	turnover = 250 * time.Millisecond
	// patience is how long a process may take to start, or longer to end than it was asked to run.
	patience = 20 * time.Second
	// farewell is how long a server has to drain before it is killed.
	farewell = 5 * time.Second
)

func (c Config) withDefaults() Config {
	if c.Rounds == 0 {
		c.Rounds = DefaultRounds
	}
	if c.Warmup == 0 {
		c.Warmup = DefaultWarmup
	}
	if c.Duration == 0 {
		c.Duration = DefaultDuration
	}
	if c.Bound == 0 {
		c.Bound = DefaultBound
	}
	return c
}

// NoWarmup is a Config.Warmup of nothing.
const NoWarmup time.Duration = -1

// warmup is the time of the warm-up.
func (c Config) warmup() time.Duration { return max(0, c.Warmup) }

// Check says everything that is wrong with a comparison. Run calls it.
func (c Config) Check(variants ...Variant) error {
	c = c.withDefaults()
	var wrong []error
	bad := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Errorf("compare: "+format, args...))
		}
	}
	bad(c.Rounds < 1 || c.Rounds > maxRounds, "%d rounds are not within 1 and %d", c.Rounds, maxRounds)
	bad(c.Warmup < NoWarmup || c.Warmup > maxDuration, "a warm-up of %v is not within 0 and %v", c.Warmup, maxDuration)
	bad(c.Duration < minDuration || c.Duration > maxDuration, "a duration of %v is not within %v and %v", c.Duration, minDuration, maxDuration)
	bad(!(c.Bound > 0 && c.Bound < 1), "a bound of %v is not between 0 and 1", c.Bound) // also refuses NaN
	bad(len(variants) < 2 || len(variants) > MaxVariants, "%d variants are not within 2 and %d", len(variants), MaxVariants)
	names := map[string]bool{}
	for _, v := range variants {
		bad(v.Name == "", "a variant has no name")
		bad(names[v.Name], "two variants are named %q", v.Name)
		bad(v.Open == nil, "the variant %q has no Open", v.Name)
		bad(v.Load == nil && c.Load == nil, "the variant %q has no Load, and Config has none", v.Name)
		names[v.Name] = true
	}
	return errors.Join(wrong...)
}

// Plan says what a comparison of so many variants will do and about how long that takes.
func (c Config) Plan(variants int) string {
	c = c.withDefaults()
	return fmt.Sprintf("%d variants × %d rounds × %v: about %s", variants, c.Rounds, c.warmup()+c.Duration, rough(c.total(variants*c.Rounds)))
}

func (c Config) total(runs int) time.Duration {
	return time.Duration(runs) * (c.warmup() + c.Duration + turnover)
}

// rough is a time for a person.
func rough(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int((d+time.Second-1)/time.Second))
	case d < time.Hour:
		d = d.Round(5 * time.Second)
		return fmt.Sprintf("%d min %d s", int(d/time.Minute), int(d%time.Minute/time.Second))
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d h %d min", int(d/time.Hour), int(d%time.Hour/time.Minute))
}
