// Package pcap is an engine of package udp that receives what is in a capture file, as tcpdump and Wireshark write them (pcap and
// pcapng, also compressed by gzip). So traffic of yesterday goes through the pipeline of today:
//
//	replay := pcap.Open("capture.pcapng", pcap.Speed(10))
//	p := pipeline.New("replay")
//	p.From(udp.Listen("0.0.0.0:9000", udp.Use(replay))).To("count", count)
//	err := replay.Run(ctx, p)
//
// The address of the source picks datagrams by their destination: an address of all interfaces stands for every address (of
// IPv4, or of both families with [::]), and the port 0 for every port. Packets come with the time at which they were captured,
// and one after the other as they did then, or faster: see [Speed]. What they would answer is not sent, and is counted as that.
//
// Frames are verified as package raw does it, with two exceptions: sources may be any, because captures of a loopback interface
// have such, and a checksum that was left to an interface which the capture was in front of counts as right. A packet of which
// the capture has only the beginning is flagged udp.Truncated.
//
// When the file has been read the pipeline goes on, as it does with any source; [Replay.Done] tells, and [Replay.Run] ends it.
package pcap
