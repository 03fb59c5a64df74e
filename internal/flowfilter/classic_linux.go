package flowfilter

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// Fields that the kernel knows beside the bytes of a frame, from include/uapi/linux/filter.h.
const (
	auxiliary    = -0x1000 // SKF_AD_OFF
	auxPacket    = 4       // SKF_AD_PKTTYPE
	auxVLAN      = 44      // SKF_AD_VLAN_TAG: 0 when there is none
	vlanIDs      = 0x0fff  // of the tag, the number of the network; 0 when it gives only a priority
	wholeFrame   = math.MaxUint32
	mostDistance = math.MaxUint8
)

// Classic is the match as a filter of a packet socket (SO_ATTACH_FILTER).
func (m Match) Classic() ([]unix.SockFilter, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return assembleClassic(m.program())
}

// Nothing is the filter that picks no frame.
func Nothing() []unix.SockFilter { return []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}} }

// load is the instruction that loads a field of 1, 2 or 4 bytes.
func load(size int, at uint32) unix.SockFilter {
	widths := map[int]uint16{1: unix.BPF_B, 2: unix.BPF_H, 4: unix.BPF_W}
	return unix.SockFilter{Code: unix.BPF_LD | widths[size] | unix.BPF_ABS, K: at}
}

// assembleClassic writes the steps behind the questions that only the kernel can answer. A jump within a group of instructions
// of one step is relative; those between steps are set when all places are known.
func assembleClassic(p []step) (f []unix.SockFilter, err error) {
	const and, equal, atLeast = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	type jump struct {
		at      int
		yes, no string
	}
	var jumps []jump
	places := map[string]int{}
	test := func(code uint16, value uint32, yes, no string) {
		jumps = append(jumps, jump{len(f), yes, no})
		f = append(f, unix.SockFilter{Code: code, K: value})
	}
	aux := int32(auxiliary)
	f = append(f, load(4, uint32(aux+auxPacket)))
	test(equal, unix.PACKET_OTHERHOST, leave, "")
	f = append(f, load(4, uint32(aux+auxVLAN)), unix.SockFilter{Code: and, K: vlanIDs})
	test(equal, 0, "", leave)
	for _, s := range p {
		if s.name != "" {
			places[s.name] = len(f)
		}
		if s.size == 0 {
			f = append(f, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_LEN})
			test(atLeast, s.value, s.yes, s.no)
			continue
		}
		f = append(f, load(s.size, uint32(s.at)))
		if s.mask != 0 {
			f = append(f, unix.SockFilter{Code: and, K: s.mask})
		}
		test(equal, s.value, s.yes, s.no)
	}
	places[take] = len(f)
	f = append(f, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: wholeFrame})
	places[leave] = len(f)
	f = append(f, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K})
	distance := func(at int, name string) uint8 {
		to, ok := places[name]
		switch d := to - at - 1; {
		case name == "":
			return 0
		case !ok || d < 0 || d > mostDistance:
			err = fmt.Errorf("a jump from instruction %d to %q at %d", at, name, to)
			return 0
		default:
			return uint8(d)
		}
	}
	for _, j := range jumps {
		f[j.at].Jt, f[j.at].Jf = distance(j.at, j.yes), distance(j.at, j.no)
	}
	return f, err
}
