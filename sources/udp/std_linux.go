package udp

import "net/netip"

// read waits for a datagram. It asks for control messages only where they are wanted.
func (r *stdReader) read() (n int, peer netip.AddrPort, err error) {
	if r.source.extras == 0 {
		return r.socket.conn.ReadFromUDPAddrPort(r.buf)
	}
	if r.control == nil {
		r.control = make([]byte, controlRoom)
	}
	n, oob, _, peer, err := r.socket.conn.ReadMsgUDPAddrPort(r.buf, r.control[:controlRoom])
	r.control = r.control[:max(oob, 0)]
	return n, peer, err
}

func (r *stdReader) explain(p *Packet) {
	if r.source.extras != 0 {
		r.socket.describe(p, r.control)
	}
}
