package flowfilter

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Offsets in struct __sk_buff, of include/uapi/linux/bpf.h.
const (
	skbLength = 0
	skbPacket = 4
	skbVLAN   = 24
)

// What a program of the kind tcx answers: let others decide, or drop the packet. Those of XDP: pass it to the kernel.
const (
	tcxNext = -1
	tcxDrop = 2
	xdpPass = 2
)

// A Drop keeps the frames of a match from the kernel's own stack. Packet sockets have seen them by then. It belongs to the
// process: when that ends, however it does, the kernel removes the rule.
type Drop struct {
	// The handles, of which the first holds the rule in place. They must stay reachable: a finalizer would close them.
	link    link.Link
	program *ebpf.Program
	dropped *ebpf.Map
}

// NewDrop puts the rule before all others on the ingress of an interface (tcx, which needs Linux 6.6 and CAP_NET_ADMIN and
// CAP_BPF). The error wraps [errors.ErrUnsupported] when the kernel does not have tcx.
func NewDrop(iface int, m Match) (*Drop, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	d := &Drop{}
	if err := d.install(iface, m); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Drop) install(iface int, m Match) (err error) {
	d.dropped, err = ebpf.NewMap(&ebpf.MapSpec{Name: "leat_dropped", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return fmt.Errorf("a counter for a rule on the interface: %w", unsupported(err))
	}
	d.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Name: "leat_drop", Type: ebpf.SchedCLS, License: "Apache-2.0", Instructions: dropping(m, d.dropped.FD())})
	if err != nil {
		return fmt.Errorf("a program for a rule on the interface: %w", unsupported(err))
	}
	d.link, err = link.AttachTCX(link.TCXOptions{Interface: iface, Program: d.program, Attach: ebpf.AttachTCXIngress, Anchor: link.Head()})
	if err != nil {
		return fmt.Errorf("a rule on the interface: %w", unsupported(err))
	}
	return nil
}

// dropping are the instructions of the program, which counts what it drops in a map.
func dropping(m Match, counter int) (p asm.Instructions) {
	p = append(p,
		asm.Mov.Reg(regContext, asm.R1),
		asm.LoadMem(regField, regContext, skbPacket, asm.Word),
		asm.JEq.Imm(regField, unix.PACKET_OTHERHOST, leave),
		asm.LoadMem(regField, regContext, skbVLAN, asm.Word),
		asm.And.Imm32(regField, vlanIDs),
		asm.JNE.Imm(regField, 0, leave))
	p = append(p, skb.assemble(m.program())...)
	return append(p,
		asm.StoreImm(asm.RFP, -4, 0, asm.Word).WithSymbol(take),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.LoadMapPtr(asm.R1, counter),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "drop"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord),
		asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R0, tcxDrop).WithSymbol("drop"),
		asm.Return(),
		asm.Mov.Imm(asm.R0, tcxNext).WithSymbol(leave),
		asm.Return())
}

// Dropped is how many frames were kept from the kernel.
func (d *Drop) Dropped() (n uint64, err error) {
	var each []uint64
	if err := d.dropped.Lookup(uint32(0), &each); err != nil {
		return 0, err
	}
	for _, v := range each {
		n += v
	}
	return n, nil
}

// Close removes the rule.
func (d *Drop) Close() error {
	var errs []error
	if d.link != nil {
		errs = append(errs, detach(d.link))
	}
	if d.program != nil {
		errs = append(errs, d.program.Close())
	}
	if d.dropped != nil {
		errs = append(errs, d.dropped.Close())
	}
	return errors.Join(errs...)
}

// detach takes a program from its interface at once. Closing alone would do it when the last descriptor is closed, and a process
// that was forked from this one a moment ago may still have a copy. On an interface that is gone there is nothing to take.
func detach(l link.Link) error {
	if err := l.Detach(); err != nil && !errors.Is(err, unix.ENOLINK) && !errors.Is(err, unix.ENODEV) {
		return errors.Join(err, l.Close())
	}
	return l.Close()
}

// unsupported makes the errors of a kernel that lacks something recognizable.
func unsupported(err error) error {
	if errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return err
}
