package datagram

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/packetring"
	"github.com/leat-io/leat/internal/xdp"
)

// frames is what packetring.Sender and xdp.Sender have in common.
type frames interface {
	Frame() []byte
	Queue(n int)
	Flush() (sent int, err error)
	Close() error
}

const (
	// firstPort is the source port of flow 0: the dynamic ports begin with it (RFC 6335), of which there are four times as many as flows.
	firstPort = 49152
	// chunks is how many frames of AF_XDP may be under way: those of 4 ms at a million a second.
	chunks = 4096
	// roomWait is how long a frame may wait for a chunk before it counts as overrun, and roomNap how long between two looks.
	roomWait = 10 * time.Millisecond
	roomNap  = 20 * time.Microsecond
)

// A rawSender writes the frames of its flows itself.
type rawSender struct {
	out     frames
	flows   []packet.Template
	overrun int64
}

// newRaw makes what sends frames past the stack.
func newRaw(cfg Config) (transport, error) {
	iface, err := net.InterfaceByName(cfg.Raw.Interface)
	if err != nil {
		return nil, fmt.Errorf("load: the interface %s: %w", cfg.Raw.Interface, err)
	}
	from, err := addressOf(iface)
	if err != nil {
		return nil, err
	}
	to, err := nextHop(cfg)
	if err != nil {
		return nil, err
	}
	r := &rawSender{flows: make([]packet.Template, cfg.Flows)}
	for i := range r.flows {
		r.flows[i], err = packet.NewTemplate([6]byte(iface.HardwareAddr), to, netip.AddrPortFrom(from, firstPort+uint16(i)), cfg.to)
		if err != nil {
			return nil, err
		}
	}
	size := r.flows[0].Size() + cfg.Message
	if most := iface.MTU + 14; size > most { // of Ethernet
		return nil, fmt.Errorf("load: a frame of %d bytes is more than the interface %s takes, %d", size, iface.Name, most)
	}
	if cfg.Sender == Packet {
		r.out, err = packetring.NewSender(iface.Index, size, cfg.Batch)
	} else {
		r.out, err = openXDP(iface, size)
	}
	if err != nil {
		return nil, fmt.Errorf("load: the %s: %w", cfg.Sender.Detail(), err)
	}
	return r, nil
}

func openXDP(iface *net.Interface, size int) (frames, error) {
	chunk := xdp.ChunkFor(iface.MTU)
	if chunk == 0 || size > chunk {
		return nil, fmt.Errorf("no chunk holds frames of the interface %s, whose MTU is %d", iface.Name, iface.MTU)
	}
	return xdp.NewSender(xdp.Options{Interface: iface.Index, Chunks: chunks, Chunk: chunk})
}

// addressOf is the first IPv4 address of an interface that has a hardware address of six bytes.
func addressOf(iface *net.Interface) (a netip.Addr, err error) {
	if len(iface.HardwareAddr) != 6 {
		return a, fmt.Errorf("load: the interface %s is no Ethernet", iface.Name)
	}
	all, err := iface.Addrs()
	if err != nil {
		return a, err
	}
	for _, one := range all {
		if p, err := netip.ParsePrefix(one.String()); err == nil && p.Addr().Is4() {
			return p.Addr(), nil
		}
	}
	return a, fmt.Errorf("load: the interface %s has no IPv4 address", iface.Name)
}

// nextHop is the hardware address that frames go to: the one that was given, or what the kernel knows of the server.
func nextHop(cfg Config) (to [6]byte, err error) {
	if cfg.Raw.MAC != "" {
		mac, err := net.ParseMAC(cfg.Raw.MAC)
		if err != nil || len(mac) != 6 {
			return to, fmt.Errorf("load: %q is no hardware address", cfg.Raw.MAC)
		}
		return [6]byte(mac), nil
	}
	f, err := os.Open("/proc/thread-self/net/arp")
	if err != nil {
		return to, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); { // address, type, flags, hardware address, mask, device
		words := strings.Fields(s.Text())
		if len(words) < 6 || words[0] != cfg.to.Addr().String() || words[5] != cfg.Raw.Interface {
			continue
		}
		if mac, err := net.ParseMAC(words[3]); err == nil && len(mac) == 6 && words[2] != "0x0" {
			return [6]byte(mac), nil
		}
	}
	return to, fmt.Errorf("load: the hardware address of %v is not known on %s; say it, or ping the address first", cfg.to.Addr(), cfg.Raw.Interface)
}

// send hands frames to the driver. What it has no room for is gone, wherever in the burst that was, so all count as sent.
func (r *rawSender) send(flow int, b []byte, size int) (n int, err error) {
	t := &r.flows[flow]
	queued, sent := 0, 0
	flush := func() {
		more, e := r.out.Flush()
		sent += more
		err = errors.Join(err, e)
	}
	for ; len(b) >= size; b = b[size:] {
		n++
		f := r.out.Frame()
		for began := time.Now(); f == nil && err == nil && time.Since(began) < roomWait; f = r.out.Frame() {
			if flush(); queued == sent {
				time.Sleep(roomNap)
			}
		}
		if f == nil {
			continue
		}
		copy(f[t.Size():], b[:size])
		t.Put(f[:t.Size()+size])
		r.out.Queue(t.Size() + size)
		queued++
	}
	flush()
	r.overrun += int64(n - sent)
	return n, err
}

// overran is how many frames the driver has had no room for.
func (r *rawSender) overran() int64 { return r.overrun }

func (r *rawSender) close() { _ = r.out.Close() }
