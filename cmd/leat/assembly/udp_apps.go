package assembly

import (
	"maps"
	"slices"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// udpApps are what a UDP server can do with its packets, by the word of --app. Each function declares the flow from the source
// to its end; services go beside s.Pipeline.
var udpApps = map[string]func(c UDP, s *UDPServer, packets *pipeline.Flow[udp.Packet]){
	"echo":   UDP.echo,
	"count":  UDP.count,
	"statsd": UDP.statsd,
	"syslog": UDP.syslog,
}

// UDPApps are the words of --app.
func UDPApps() []string { return slices.Sorted(maps.Keys(udpApps)) }

// udpSources are the engines of a UDP server, by the word of --source.
var udpSources = map[string]func(UDP, *UDPServer) udp.Option{
	"std":        func(UDP, *UDPServer) udp.Option { return udp.Std() },
	"mmsg":       func(UDP, *UDPServer) udp.Option { return udp.Mmsg() },
	"gro":        func(UDP, *UDPServer) udp.Option { return udp.GRO() },
	"packetring": UDP.packetRing,
	"xdp":        UDP.xdp,
	"pcap":       UDP.pcap,
}

// UDPSources are the words of --source.
func UDPSources() []string { return slices.Sorted(maps.Keys(udpSources)) }

// echo sends each packet back.
func (c UDP) echo(_ *UDPServer, packets *pipeline.Flow[udp.Packet]) {
	c.packets(packets).To("send", udp.Send(udp.Trains(c.Trains)))
}
