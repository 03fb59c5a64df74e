package raw_test

import (
	"context"
	"log"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/raw"
)

// Two lanes share the flows that come to an address of eth0, and two others answer.
func ExamplePacketRing() {
	p := pipeline.New("echo")
	p.From(udp.Listen("192.0.2.1:9000", raw.PacketRing("eth0"), udp.Lanes(2), udp.ReceiveBuffer(64<<20))).
		Shard("by peer", 2, udp.ByPeer, queue.Ring, queue.DropNewest).
		To("send", udp.Send())
	if err := p.Run(context.Background()); err != nil {
		log.Print(err)
	}
}
