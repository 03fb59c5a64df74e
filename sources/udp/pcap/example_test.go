package pcap_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/pcap"
	"github.com/leat-io/leat/stage"
)

// A capture of two datagrams goes through a pipeline.
func Example() {
	path := capture("one", "two")
	defer os.Remove(path)

	replay := pcap.Open(path, pcap.Speed(0))
	p := pipeline.New("replay")
	p.From(udp.Listen("0.0.0.0:9000", udp.Use(replay))).
		Via("show", stage.Do(func(p *udp.Packet) { fmt.Printf("%v: %s\n", p.Peer, p.Data) })).
		To("end", sinks.Discard[udp.Packet]())
	if err := replay.Run(context.Background(), p); err != nil {
		log.Print(err)
	}
	// Output:
	// 192.0.2.1:4000: one
	// 192.0.2.1:4000: two
}

// capture makes the file, as tcpdump -w would.
func capture(payloads ...string) (path string) {
	f, err := os.CreateTemp("", "*.pcap")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		log.Fatal(err)
	}
	t, err := packet.NewTemplate([6]byte{2}, [6]byte{2, 1}, netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("192.0.2.7:9000"))
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range payloads {
		b := t.Append(nil, []byte(s))
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(b), Length: len(b)}, b); err != nil {
			log.Fatal(err)
		}
	}
	return f.Name()
}
