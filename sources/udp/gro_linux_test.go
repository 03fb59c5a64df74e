package udp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// sendTrain sends b as a train of datagrams of the size, with one system call.
func sendTrain(t *testing.T, c *net.UDPConn, b []byte, size int) {
	t.Helper()
	control := make([]byte, unix.CmsgSpace(2))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(control[unix.CmsgLen(0):], uint16(size))
	if _, _, err := c.WriteMsgUDP(b, control, nil); err != nil {
		t.Fatal(err)
	}
}

func TestATrainIsToldApart(t *testing.T) {
	const size, packets, most = 200, 20, 150
	for name, engine := range map[string]udp.Option{"gro": udp.GRO(), "mmsg": udp.Mmsg()} {
		for _, longest := range []int{2048, most} {
			t.Run(fmt.Sprint(name, " ", longest), func(t *testing.T) {
				var mu sync.Mutex
				var got []udp.Packet
				s := udp.Listen("127.0.0.1:0", engine, udp.MaxDatagram(longest), udp.Batch(8)) // a train is more than a batch
				_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
					f.Via("note", func(*stage.Lane) stage.Stage[udp.Packet, udp.Packet] {
						return noting(func(b []*udp.Packet) {
							mu.Lock()
							defer mu.Unlock()
							if len(b) > 8 {
								t.Errorf("a batch has %d packets", len(b))
							}
							for _, p := range b {
								p := udp.Packet{Data: bytes.Clone(p.Data), Peer: p.Peer, Flags: p.Flags, Hash: p.Hash}
								got = append(got, p)
							}
						})
					}).To("send", udp.Send())
				})
				c, err := net.DialUDP("udp", nil, s.Addr().(*net.UDPAddr))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				var train []byte
				for i := range packets {
					train = append(train, bytes.Repeat([]byte{byte(i)}, size)...)
				}
				train = train[:len(train)-120] // the last is shorter
				sendTrain(t, c, train, size)
				eventually(t, "all have come", func() bool {
					mu.Lock()
					defer mu.Unlock()
					return len(got) == packets
				})
				if err := stop(); err != nil {
					t.Error(err)
				}
				for i, p := range got {
					want := bytes.Repeat([]byte{byte(i)}, size)
					if i == packets-1 {
						want = want[:size-120]
					}
					cut := len(want) > longest
					if !bytes.Equal(p.Data, want[:min(len(want), longest)]) || (p.Flags == udp.Truncated) != cut {
						t.Errorf("packet %d has %d bytes, flags %d", i, len(p.Data), p.Flags)
					}
					if p.Hash != got[0].Hash || p.Peer.String() != c.LocalAddr().String() {
						t.Errorf("packet %d is of another flow: %v", i, p.Peer)
					}
				}
			})
		}
	}
}

type noting func([]*udp.Packet)

func (f noting) Process(_, src []*udp.Packet) ([]*udp.Packet, error) {
	f(src)
	return src, nil
}
