package profile

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRequests is as far as every number of requests is a float64.
const maxRequests = 1 << 53

// An Error says where a profile cannot be understood.
type Error struct {
	Text   string // the whole profile
	Offset int    // of the first byte that is not understood
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("profile %q, at character %d: %s", e.Text, 1+e.Offset, e.Reason)
}

// Parse reads phases that are separated by commas. A phase is a word, a rate in requests a second and a length of time:
//
//	warm R D     R requests a second for D, not counted; only before all others
//	ramp A-B D   evenly from A to B within D
//	hold R D     R for D; a rate of 0 is a pause
//	spike R D    the same, under a name that stands out
//
// A rate is a number such as 50000, 2.5e4 or 50k; D is a duration such as 500ms, 10s, 1m30s. The error is an *Error.
func Parse(s string) (Profile, error) {
	if strings.TrimSpace(s) == "" {
		return nil, &Error{s, 0, "there are no phases; write for example 'ramp 0-50000 10s, hold 50000 30s'"}
	}
	var p Profile
	offset := 0
	for part := range strings.SplitSeq(s, ",") {
		phase, at, err := parsePhase(part)
		if err == nil && phase.Kind == Warm && len(p) > 0 && p[len(p)-1].Kind != Warm {
			at, err = strings.Index(part, string(Warm)), errors.New("warm comes before all other phases")
		}
		if err == nil && len(p) == MaxPhases {
			at, err = 0, fmt.Errorf("there are more than %d phases", MaxPhases)
		}
		if err == nil && p.Length() > MaxLength-phase.Length {
			at, err = 0, fmt.Errorf("the phases take longer than %v", MaxLength)
		}
		if err != nil {
			return nil, &Error{s, offset + at, err.Error()}
		}
		p = append(p, phase)
		offset += len(part) + 1
	}
	return p, p.sensible(s)
}

// sensible refuses what could be run and would measure nothing.
func (p Profile) sensible(s string) error {
	if p.Length() == p.Warmup() {
		return &Error{s, len(s), "there are only warm phases, which are not counted"}
	}
	total := 0.
	for _, phase := range p {
		total += phase.requests()
	}
	if total > maxRequests {
		return &Error{s, 0, fmt.Sprintf("these are %.0f requests, more than %d", total, int64(maxRequests))}
	}
	if !slices.ContainsFunc(p, func(p Phase) bool { return p.Kind != Warm && p.requests() > 0 }) {
		return &Error{s, 0, "no phase has a rate above 0"}
	}
	return nil
}

// parsePhase reads one phase; at is where the error is.
func parsePhase(s string) (p Phase, at int, err error) {
	words, starts := fields(s)
	if len(words) == 0 {
		return p, 0, errors.New("a phase is missing")
	}
	p.Kind = Kind(words[0])
	if !slices.Contains(Kinds, p.Kind) {
		return p, starts[0], fmt.Errorf("%q is none of warm, ramp, hold, spike", words[0])
	}
	rate, form := "R", "a rate in requests a second"
	if p.Kind == Ramp {
		rate, form = "A-B", "two rates such as 0-50000"
	}
	if len(words) != 3 {
		at = len(s)
		if len(words) > 3 {
			at = starts[3]
		}
		return p, at, fmt.Errorf("%s takes %s and a duration: %s %s D", p.Kind, form, p.Kind, rate)
	}
	from, to := words[1], words[1]
	second := starts[1]
	if p.Kind == Ramp {
		i := separator(words[1])
		if i < 0 {
			return p, starts[1], fmt.Errorf("%q is not two rates such as 0-50000", words[1])
		}
		from, to, second = words[1][:i], words[1][i+1:], starts[1]+i+1
	}
	if p.From, err = parseRate(from); err != nil {
		return p, starts[1], err
	}
	if p.To, err = parseRate(to); err != nil {
		return p, second, err
	}
	p.Length, err = time.ParseDuration(words[2])
	if err != nil || p.Length <= 0 {
		return p, starts[2], fmt.Errorf("%q is not a duration above 0 with its unit, such as 10s", words[2])
	}
	return p, 0, nil
}

// fields splits at spaces and says where each word begins.
func fields(s string) (words []string, starts []int) {
	for i := 0; i < len(s); {
		if s[i] == ' ' || s[i] == '\t' {
			i++
			continue
		}
		end := strings.IndexAny(s[i:], " \t")
		if end < 0 {
			end = len(s) - i
		}
		words, starts = append(words, s[i:i+end]), append(starts, i)
		i += end
	}
	return words, starts
}

// separator finds the dash between two rates, which is not the one of an exponent.
func separator(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == '-' && s[i-1] != 'e' && s[i-1] != 'E' {
			return i
		}
	}
	return -1
}

func parseRate(s string) (float64, error) {
	digits, thousands := strings.CutSuffix(s, "k")
	v, err := strconv.ParseFloat(digits, 64)
	if thousands {
		v *= 1000
	}
	if err != nil || math.IsNaN(v) || math.Signbit(v) || v > MaxRate {
		return 0, fmt.Errorf("%q is not a rate from 0 to 1e9 requests a second", s)
	}
	return v, nil
}
