package profile

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Kind is what a phase does to the rate.
type Kind string

const (
	Warm  Kind = "warm"  // like Hold, and not counted; at the beginning only
	Ramp  Kind = "ramp"  // goes evenly from one rate to another
	Hold  Kind = "hold"  // stays
	Spike Kind = "spike" // like Hold, and called so
)

// Kinds are all there are, in the order of the documentation.
var Kinds = []Kind{Warm, Ramp, Hold, Spike}

// Bounds of what Parse accepts. Each phase has histograms of its own, hence their number.
const (
	MaxPhases = 32
	MaxRate   = 1e9                  // requests a second
	MaxLength = 366 * 24 * time.Hour // of all phases
)

// A Phase is a stretch of time in which the rate is constant or changes evenly.
type Phase struct {
	Kind     Kind
	From, To float64 // requests a second at its beginning and its end
	Length   time.Duration
}

// String is the phase as Parse reads it.
func (p Phase) String() string {
	rate := strconv.FormatFloat(p.From, 'f', -1, 64)
	if p.Kind == Ramp {
		rate += "-" + strconv.FormatFloat(p.To, 'f', -1, 64)
	}
	return fmt.Sprintf("%s %s %s", p.Kind, rate, p.Length)
}

// requests is the integral of the rate over the phase.
func (p Phase) requests() float64 { return (p.From + p.To) / 2 * p.Length.Seconds() }

// A Profile is phases one after the other.
type Profile []Phase

// String is the profile as Parse reads it.
func (p Profile) String() string {
	parts := make([]string, len(p))
	for i, phase := range p {
		parts[i] = phase.String()
	}
	return strings.Join(parts, ", ")
}

// Length is the time that all phases take.
func (p Profile) Length() (d time.Duration) {
	for _, phase := range p {
		d += phase.Length
	}
	return d
}

// Warmup is the time that the phases which are not counted take.
func (p Profile) Warmup() (d time.Duration) {
	for _, phase := range p {
		if phase.Kind == Warm {
			d += phase.Length
		}
	}
	return d
}
