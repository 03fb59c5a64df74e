//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/raw"
	"github.com/leat-io/leat/stage"
)

// receiveBuffer is the ring: a quarter of a second of a million short datagrams in a second.
const receiveBuffer = 64 << 20

// receiving is the receiver's process: a pipeline whose sink looks at the number of each datagram.
func receiving(told string) error {
	var r role
	if err := json.Unmarshal([]byte(told), &r); err != nil {
		return err
	}
	engines := map[string]udp.Option{"ring": raw.PacketRing(r.Iface), "xdp": raw.XDP(r.Iface), "mmsg": udp.Mmsg()}
	engine, ok := engines[r.Engine]
	if !ok {
		return fmt.Errorf("there is no engine %q", r.Engine)
	}
	var c counter
	s := udp.Listen(r.To, engine, udp.ReceiveBuffer(receiveBuffer))
	p := pipeline.New("frames")
	p.From(s).To("count", func(*stage.Lane) stage.Sink[udp.Packet] { return &c })
	if err := s.Bind(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ready")
	if err := p.Run(ctx); err != nil {
		return err
	}
	o := outcome{Received: c.received, Gaps: c.gaps}
	for _, g := range s.Gauges() {
		o.Gauges = append(o.Gauges, g.Name+": "+g.Value)
	}
	return json.NewEncoder(os.Stdout).Encode(o)
}

// A counter looks at the numbers. It is the sink of one lane.
type counter struct {
	received, gaps uint64
	next           uint64
}

func (c *counter) Push(b []*udp.Packet) {
	for _, p := range b {
		n := binary.BigEndian.Uint64(p.Data)
		if n != c.next {
			c.gaps++
		}
		c.next = n + 1
		c.received++
	}
}
