package balance

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// mix spreads every bit of x over all of them: the finalizer of splitmix64 (Stafford's variant 13 of MurmurHash3's).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hashName is the number that hashing knows a member by. It is the same in every process.
func hashName(name string) uint64 { return xxhash.Sum64String(name) }

// scale maps a hash onto [0, n) by its high bits (Lemire, "Fast Random Integer Generation in an Interval", 2019).
func scale(h uint64, n int) int {
	hi, _ := bits.Mul64(h, uint64(n))
	return int(hi)
}

// unit maps a hash onto [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }
