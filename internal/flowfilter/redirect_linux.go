package flowfilter

import (
	"errors"
	"fmt"
	"net"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// Offsets in struct xdp_md, of include/uapi/linux/bpf.h.
const (
	xdpData  = 0
	xdpEnd   = 4
	xdpQueue = 16
)

// A Redirect gives the frames of a match to the sockets of AF_XDP that are in its map, and all others to the kernel. It belongs
// to the process: when that ends, however it does, the kernel removes the program.
type Redirect struct {
	// Mode says where the program runs: "native", in the driver, or "generic", behind it.
	Mode string

	// The handles, of which the first holds the program in place. They must stay reachable: a finalizer would close them.
	link    link.Link
	program *ebpf.Program
	sockets *ebpf.Map
}

// NewRedirect puts the program on an interface that has no other, in the driver where that can run it. queues is how many
// receive queues the interface has. Needs CAP_NET_ADMIN and CAP_BPF.
func NewRedirect(iface *net.Interface, queues int, m Match) (*Redirect, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	r := &Redirect{}
	if err := r.install(iface, queues, m); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Redirect) install(iface *net.Interface, queues int, m Match) (err error) {
	if len(iface.HardwareAddr) != 6 {
		return fmt.Errorf("interface %s has no address of Ethernet", iface.Name)
	}
	r.sockets, err = ebpf.NewMap(&ebpf.MapSpec{Name: "leat_sockets", Type: ebpf.XSKMap, KeySize: 4, ValueSize: 4, MaxEntries: uint32(queues)})
	if err != nil {
		return fmt.Errorf("a map of sockets of AF_XDP: %w", unsupported(err))
	}
	r.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "leat_redirect", Type: ebpf.XDP, License: "Apache-2.0",
		Instructions: redirecting(m, [6]byte(iface.HardwareAddr), r.sockets.FD()),
	})
	if err != nil {
		return fmt.Errorf("a program of XDP: %w", unsupported(err))
	}
	var errs []error
	for _, mode := range []struct {
		name string
		flag link.XDPAttachFlags
	}{{"native", link.XDPDriverMode}, {"generic", link.XDPGenericMode}} {
		r.Mode = mode.name
		r.link, err = link.AttachXDP(link.XDPOptions{Program: r.program, Interface: iface.Index, Flags: mode.flag})
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", mode.name, unsupported(err)))
	}
	return fmt.Errorf("a program of XDP on interface %s: %w", iface.Name, errors.Join(errs...))
}

// redirecting are the instructions of the program.
func redirecting(m Match, mac [6]byte, sockets int) (p asm.Instructions) {
	p = append(p,
		asm.Mov.Reg(regContext, asm.R1),
		asm.LoadMem(regData, regContext, xdpData, asm.Word),
		asm.LoadMem(regEnd, regContext, xdpEnd, asm.Word))
	p = append(p, xdp.assemble(append(to(mac), m.program()...))...)
	return append(p,
		asm.LoadMapPtr(asm.R1, sockets).WithSymbol(take),
		asm.LoadMem(asm.R2, regContext, xdpQueue, asm.Word),
		asm.Mov.Imm(asm.R3, xdpPass), // what becomes of the frames of a queue that has no socket
		asm.FnRedirectMap.Call(),
		asm.Return(),
		asm.Mov.Imm(asm.R0, xdpPass).WithSymbol(leave),
		asm.Return())
}

// Give makes a socket the one that receives what arrives on a queue.
func (r *Redirect) Give(queue, socket int) error {
	if err := r.sockets.Put(uint32(queue), uint32(socket)); err != nil {
		return fmt.Errorf("a socket of AF_XDP for queue %d: %w", queue, err)
	}
	return nil
}

// TakeBack has what arrives on a queue passed to the kernel again.
func (r *Redirect) TakeBack(queue int) error { return r.sockets.Delete(uint32(queue)) }

// Close removes the program.
func (r *Redirect) Close() error {
	var errs []error
	if r.link != nil {
		errs = append(errs, detach(r.link))
	}
	if r.program != nil {
		errs = append(errs, r.program.Close())
	}
	if r.sockets != nil {
		errs = append(errs, r.sockets.Close())
	}
	return errors.Join(errs...)
}
