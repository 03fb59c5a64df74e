package raw_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/packetring"
	"github.com/leat-io/leat/internal/vethtest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/raw"
	"github.com/leat-io/leat/stage"
)

// A million senders, of which nobody has more than one packet, must not cost memory that grows with them.
func TestAMillionSpoofedPeersCostNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes two seconds")
	}
	near, far := vethtest.Pair(t)
	var got int
	count := func(*udp.Packet) { got++ }
	s := udp.Listen(near.Addr4(port).String(), raw.PacketRing(near.Iface), udp.ReceiveBuffer(64<<20))
	p := pipeline.New("flood")
	p.From(s).Via("count", stage.Do(count)).To("end", sinks.Discard[udp.Packet]())
	var err error
	near.Do(func() { err = s.Bind() })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	var sender *packetring.Sender
	far.Do(func() { sender, err = packetring.NewSender(far.Index, 256, 64) })
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const peers = 1 << 20
	sent := 0
	for i := range uint32(peers) {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], 0x0b000000+i)
		tm, err := packet.NewTemplate(far.MAC, near.MAC, netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(1+i%60000)), near.Addr4(port))
		if err != nil {
			t.Fatal(err)
		}
		b := sender.Frame()
		f := b[:tm.Size()+8]
		binary.BigEndian.PutUint64(f[tm.Size():], uint64(i))
		tm.Put(f)
		sender.Queue(len(f))
		if (i+1)%64 == 0 {
			n, err := sender.Flush()
			if err != nil {
				t.Fatal(err)
			}
			sent += n
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_ = sender.Close()
	runtime.ReadMemStats(&after)
	var dropped string
	for _, g := range s.Gauges() {
		if g.Name == "dropped by the kernel" {
			dropped = g.Value
		}
	}
	if got < peers/2 {
		t.Errorf("%d of %d packets were received, %s were dropped", got, sent, dropped)
	}
	if !stage.Leakcheck { // which never uses memory again
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%d bytes were allocated for %d packets", grown, got)
		}
	}
}

// What a bad line does to packets is seen by the application as it was done: losses, another order, duplicates.
func TestPacketsComeAsTheLineBringsThem(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		r := run(t, near, near.Addr4(port).String(), engine)
		w := newWire(t, near, far)
		random := rand.New(rand.NewPCG(3, 4))
		var frames [][]byte
		var want []string
		for i := range 300 {
			s := string(binary.BigEndian.AppendUint32(nil, uint32(i)))
			for range random.IntN(3) { // lost, once, twice
				want = append(want, s)
			}
		}
		for i := range want { // and late by up to eight
			j := min(i+random.IntN(8), len(want)-1)
			want[i], want[j] = want[j], want[i]
		}
		for _, s := range want {
			frames = append(frames, w.frame(far.Addr4(1), s))
		}
		w.send(frames...)
		var got []string
		for _, p := range r.await(len(want)) {
			got = append(got, string(p.Data))
		}
		if !slices.Equal(got, want) {
			t.Error("the packets came in another order than on the line")
		}
	})
}
