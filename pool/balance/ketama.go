package balance

import (
	"crypto/md5"
	"encoding/binary"
	"math"
	"strconv"
	"sync/atomic"
)

// Ketama gives a key to the member that twemproxy (nutcracker), with "distribution: ketama", gives it to, so that one can take
// the other's place and every key is where it was. For that:
//
//   - The lower 32 bits of Request.Key are what the pool's "hash" makes of the key, or of the part of it in its "hash_tag". For
//     the default, fnv1a_64, that is [KetamaKey].
//   - A member's name is the server's in the configuration, when it has one: "10.0.0.1:6379:1 alpha" is alpha. Otherwise it is
//     host:port as it stands there, and of port 11211 the host alone. For the path of a socket it is the path.
//   - Weights are those of the configuration. The order of the list does not matter.
//
// A member of average weight has 160 points on the ring. When one is not available its keys go on to the next point. That is
// where twemproxy with "auto_eject_hosts" has them while it is ejected if all weights are equal; otherwise a few go elsewhere.
// When a member comes or goes, no key moves but to it or from it if all weights are equal; otherwise all have a few points
// more or less.
func Ketama() Policy { return ketama{} }

type ketama struct{}

func (ketama) String() string { return "ketama" }

func (ketama) byKey() {}

func (ketama) Build(members []*Member, _ uint64) Picker {
	p := &ketamaPicker{}
	p.Refresh(members)
	return p
}

type ketamaPicker struct{ state atomic.Pointer[ketamaState] }

type ketamaState struct {
	roster    roster
	continuum *continuum
	available []*Member
}

func (p *ketamaPicker) Refresh(members []*Member) {
	s := &ketamaState{roster: newRoster(members), available: available(members)}
	if old := p.state.Load(); old != nil && old.roster.equal(s.roster) {
		s.continuum = old.continuum
	} else {
		s.continuum = newContinuum(ketamaPoints(s.roster))
	}
	p.state.Store(s)
}

func (p *ketamaPicker) Pick(r Request) *Member {
	s := p.state.Load()
	if len(s.available) == 0 {
		return nil
	}
	h := mix(r.Key) // only for who is in slow start
	points := s.continuum.points
	i := s.continuum.find(uint32(r.Key))
	for range min(looks, len(points)) {
		if m := s.roster.members[points[i].owner()]; m.admits(h) && m != r.Avoid {
			return m
		}
		if i++; i == len(points) {
			i = 0
		}
	}
	return detour(s.available, h, r.Avoid)
}

// ketamaPoints are the points of twemproxy 0.5.0, in nc_ketama.c: each MD5 of the name, a dash and a number makes four. How many
// a member has comes from arithmetic with 32 bits, whose rounding is to be kept.
func ketamaPoints(r roster) []point {
	live, total := 0, float32(0)
	for _, w := range r.weights {
		if w > 0 {
			live++
			total += float32(w)
		}
	}
	var points []point
	for i, w := range r.weights {
		part := float32(w) / total
		hashes := int(math.Floor(float64(float32(float64(float32(float32(part*160)/4)*float32(live)) + 1e-10))))
		for k := range hashes {
			sum := md5.Sum([]byte(r.members[i].Name + "-" + strconv.Itoa(k)))
			for b := 0; b < len(sum); b += 4 {
				points = append(points, newPoint(binary.LittleEndian.Uint32(sum[b:]), i))
			}
		}
	}
	return points
}

// KetamaKey is the hash fnv1a_64 of twemproxy, as [Ketama] needs it. It is the lower half of FNV-1a of 64 bits, except that
// bytes above 127 count as negative numbers, as twemproxy has it on processors where char is signed (x86).
func KetamaKey(key []byte) uint64 {
	h := uint32(0x84222325)
	for _, c := range key {
		h = (h ^ uint32(int8(c))) * 0x1b3
	}
	return uint64(h)
}
