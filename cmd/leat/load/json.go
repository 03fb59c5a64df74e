package load

import (
	"encoding/json"
	"math"
	"time"
)

type plainResult Result

// resultJSON is a result with the fields whose form differs.
type resultJSON struct {
	plainResult
	Elapsed    float64 `json:"elapsed_s"`
	ErrorCount int64   `json:"error_count"`
}

// MarshalJSON adds elapsed_s, in seconds, and error_count.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(resultJSON{plainResult(r), r.Elapsed.Seconds(), r.ErrorCount()})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Result) UnmarshalJSON(b []byte) error {
	var v resultJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*r = Result(v.plainResult)
	r.Elapsed = fromSeconds(v.Elapsed)
	return nil
}

type plainPhase PhaseResult

type phaseJSON struct {
	plainPhase
	Length float64 `json:"length_s"`
}

// MarshalJSON adds length_s, in seconds.
func (p PhaseResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(phaseJSON{plainPhase(p), p.Length.Seconds()})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *PhaseResult) UnmarshalJSON(b []byte) error {
	var v phaseJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*p = PhaseResult(v.plainPhase)
	p.Length = fromSeconds(v.Length)
	return nil
}

func fromSeconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }
