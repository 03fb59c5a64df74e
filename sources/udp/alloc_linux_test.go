package udp_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestAPacketFitsIntoTwoCacheLines(t *testing.T) {
	if udp.PacketSize > 128 && !stage.Leakcheck {
		t.Errorf("it has %d bytes", udp.PacketSize)
	}
}

// From the socket through the hash, a ring and a worker back to the socket nothing is allocated.
func TestNothingIsAllocatedForAPacket(t *testing.T) {
	for name, engine := range map[string]udp.Option{"mmsg": udp.Mmsg(), "gro": udp.GRO(), "std": udp.Std()} {
		t.Run(name, func(t *testing.T) {
			s := udp.Listen("127.0.0.1:0", engine)
			if err := s.Bind(); err != nil {
				t.Fatal(err)
			}
			p := pipeline.New("echo")
			p.From(s).Shard("by flow", 2, udp.ByFlow, queue.Ring, queue.DropNewest).Via("work", stage.Do(func(*udp.Packet) {})).To("send", udp.Send())
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- p.Run(ctx) }()
			c, err := net.DialUDP("udp", nil, s.Addr().(*net.UDPAddr))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(20 * time.Second))
			const packets = 32
			out, in := make([]byte, 64), make([]byte, 2048)
			round := func() {
				for range packets {
					if _, err := c.Write(out); err != nil {
						t.Fatal(err)
					}
				}
				for range packets {
					if _, err := c.Read(in); err != nil {
						t.Fatal(err)
					}
				}
			}
			defer func() {
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}()
			stagetest.Allocs(t, 0, round) // rounded down: what the runtime allocates now and then does not count
		})
	}
}
