package udp_test

import (
	"net/netip"
	"testing"

	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// What the hash of its flow, the choice of a shard, the retaining of its bytes and a ring cost a packet in batches of 64 is the
// difference between "hash and hop" and "packets alone".
func BenchmarkHop(b *testing.B) {
	const batch = 64
	local := netip.MustParseAddrPort("127.0.0.1:9000")
	var peers [batch]netip.AddrPort
	for i := range peers {
		peers[i] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), uint16(40000+i))
	}
	for _, c := range []struct {
		name      string
		hash, hop bool
	}{{"packets alone", false, false}, {"hash", true, false}, {"hash and hop", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			from, to := stage.NewLane("from", 0, nil), stage.NewLane("to", 1, nil)
			q, err := queue.Ring[udp.Packet](queue.NewConfig())
			if err != nil {
				b.Fatal(err)
			}
			producer := q.Join(nil)
			arena := stage.NewArena[udp.Packet](from)
			packets, out := make([]*udp.Packet, 0, batch), make([]*udp.Packet, batch)
			var parts [stage.Partitions]int
			b.ResetTimer()
			for n := 0; n < b.N; n += batch {
				packets = packets[:0]
				slab, mem := from.Bytes(batch * 64)
				for i := range batch {
					p := arena.New()
					p.SetSlab(slab)
					p.Data, p.Peer = mem[i*64:(i+1)*64:(i+1)*64], peers[i]
					if c.hash {
						p.Hash = udp.FlowHash(peers[i], local)
					}
					packets = append(packets, p)
				}
				if c.hop {
					for _, p := range packets {
						parts[stage.Partition(udp.ByFlow(p))]++
					}
					stage.Lend(from, "bench", packets)
					if producer.Push(packets) != batch {
						b.Fatal("the ring is full")
					}
					stage.Sent(from, packets)
				}
				from.End()
				for got := 0; c.hop && got < batch; {
					popped := q.Pop(out)
					stage.Adopt(to, "bench", popped)
					got += len(popped)
					to.End()
				}
			}
		})
	}
}

func BenchmarkFlowHash(b *testing.B) {
	for _, c := range []struct{ name, peer, local string }{
		{"IPv4", "10.0.0.1:40000", "127.0.0.1:9000"}, {"IPv6", "[2001:db8::1]:40000", "[::1]:9000"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			peer, local := netip.MustParseAddrPort(c.peer), netip.MustParseAddrPort(c.local)
			for b.Loop() {
				udp.FlowHash(peer, local)
			}
		})
	}
}
