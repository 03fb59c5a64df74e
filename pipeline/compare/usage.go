package compare

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// usage is what this process has used since it began. What the system does not tell is 0.
type usage struct {
	At         time.Time     `json:"at"`
	CPU        time.Duration `json:"cpu"` // user and system
	Allocs     uint64        `json:"allocs"`
	Resident   uint64        `json:"resident"` // bytes
	Processors int           `json:"processors"`
}

func ownUsage() usage {
	allocs := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	metrics.Read(allocs)
	u := usage{At: time.Now(), CPU: processorTime(), Resident: resident(), Processors: runtime.GOMAXPROCS(0)}
	if allocs[0].Value.Kind() == metrics.KindUint64 {
		u.Allocs = allocs[0].Value.Uint64()
	}
	return u
}

// busy is how many processors were at work on average between two times.
func busy(from, to usage) float64 {
	passed := to.At.Sub(from.At)
	if passed <= 0 {
		return 0
	}
	return float64(to.CPU-from.CPU) / float64(passed)
}
