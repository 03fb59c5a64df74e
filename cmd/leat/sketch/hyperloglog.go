package sketch

import (
	"math"
	"math/bits"
)

// A HyperLogLog estimates how many different hashes it was given, after Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog: the
// analysis of a near-optimal cardinality estimation algorithm" (AofA 2007), with 64-bit hashes, so that no correction for large
// numbers is needed, and with linear counting below 2.5 registers. The standard error is 1.04/√registers.
type HyperLogLog struct {
	precision uint
	registers []uint8
}

// NewHyperLogLog makes one with 2^precision registers of a byte each, 4 to 16: 12 takes 4 KiB, for an error of 1.6 %.
func NewHyperLogLog(precision int) *HyperLogLog {
	p := uint(min(max(precision, 4), 16))
	return &HyperLogLog{p, make([]uint8, 1<<p)}
}

// Error is the standard error of Estimate, as a part of it.
func (h *HyperLogLog) Error() float64 { return 1.04 / math.Sqrt(float64(len(h.registers))) }

// Add notes a hash, all of whose bits should be as good as random.
func (h *HyperLogLog) Add(hash uint64) {
	i := hash >> (64 - h.precision)
	rank := uint8(1 + bits.LeadingZeros64(hash<<h.precision|1<<(h.precision-1)))
	if rank > h.registers[i] {
		h.registers[i] = rank
	}
}

// Reset forgets everything.
func (h *HyperLogLog) Reset() { clear(h.registers) }

// Estimate is about how many different hashes were added.
func (h *HyperLogLog) Estimate() float64 {
	m := float64(len(h.registers))
	sum, empty := 0., 0
	for _, r := range h.registers {
		sum += 1 / float64(uint64(1)<<r)
		if r == 0 {
			empty++
		}
	}
	e := alpha(m) * m * m / sum
	if e <= 2.5*m && empty > 0 {
		return m * math.Log(m/float64(empty))
	}
	return e
}

// alpha corrects for the bias of the harmonic mean.
func alpha(m float64) float64 {
	switch {
	case m <= 16:
		return .673
	case m <= 32:
		return .697
	case m <= 64:
		return .709
	}
	return .7213 / (1 + 1.079/m)
}
