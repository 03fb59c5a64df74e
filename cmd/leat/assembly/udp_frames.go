package assembly

import (
	"errors"
	"fmt"

	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/pcap"
	"github.com/leat-io/leat/sources/udp/raw"
)

// UDPFrames says where the engines find frames that see whole ones: packetring, xdp and pcap.
type UDPFrames struct {
	Interface string  // of packetring and xdp
	File      string  // of pcap
	Speed     float64 // of pcap: times that of the capture; 0 does not wait
}

var defaultUDPFrames = UDPFrames{Speed: 1}

// onInterface says whether the engine takes frames from an interface.
func (c UDP) onInterface() bool { return c.Source == "packetring" || c.Source == "xdp" }

func (c UDP) validateFrames() error {
	f := c.Frames
	var errs []error
	switch {
	case c.onInterface() && f.Interface == "":
		errs = append(errs, fmt.Errorf("the source %s takes frames from an interface: say which", c.Source))
	case !c.onInterface() && f.Interface != "":
		errs = append(errs, fmt.Errorf("the source %s has no interface", c.Source))
	}
	switch {
	case c.Source == "pcap" && f.File == "":
		errs = append(errs, errors.New("the source pcap reads a file: say which"))
	case c.Source != "pcap" && f.File != "":
		errs = append(errs, fmt.Errorf("the source %s reads no file", c.Source))
	}
	if !(f.Speed >= 0) {
		errs = append(errs, fmt.Errorf("the speed must be 0 or more, not %v", f.Speed))
	}
	return errors.Join(errs...)
}

func (c UDP) packetRing(*UDPServer) udp.Option { return raw.PacketRing(c.Frames.Interface) }
func (c UDP) xdp(*UDPServer) udp.Option        { return raw.XDP(c.Frames.Interface) }

// pcap has the server end when its file does.
func (c UDP) pcap(s *UDPServer) udp.Option {
	s.replay = pcap.Open(c.Frames.File, pcap.Speed(c.Frames.Speed))
	return udp.Use(s.replay)
}
