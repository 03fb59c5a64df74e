package gateway

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
)

// AuthorityName is the name of the pair of metadata that says what a stream is to reach: section 4 of docs/mux.md.
const AuthorityName = ":authority"

// A Far connects each stream to a server. Its Handle is a Handler of [muxnet.Server].
type Far struct {
	Dial    func(ctx context.Context, address string) (net.Conn, error)
	To      string        // address of the server of streams that name none
	Allowed []string      // addresses that streams may name, as they name them
	Wait    time.Duration // for a connection to the server
	Limits  Limits
	Warn    *handoff.Warnings

	counts counts
}

// Gauges are what the gateway has carried.
func (f *Far) Gauges() []pipeline.Gauge { return f.counts.gauges() }

// Handle carries one stream.
func (f *Far) Handle(s *muxnet.Stream) {
	end := f.counts.begin()
	conn, refusal, err := f.connect(s)
	if err != nil {
		f.Warn.Warn("a stream is refused", "peer", s.RemoteAddr().String(), "error", err)
		end(true, false)
		s.Reset(mux.Refused, refusal)
		return
	}
	c := carriage{conn: conn, stream: s, limits: f.Limits, in: &f.counts.out, out: &f.counts.in} // what the server sends goes out
	err = c.carry()
	end(false, err != nil)
	if err != nil {
		f.Warn.Log.Debug("a stream has not ended in order", "peer", s.RemoteAddr().String(), "error", err)
	}
}

// connect connects to what the stream is to reach. Refusal is what the other side is told when it does not.
func (f *Far) connect(s *muxnet.Stream) (c net.Conn, refusal string, err error) {
	o := s.Opening()
	to := f.To
	if name, named := o.Metadata.Get(AuthorityName); named {
		to = string(name)
		if !slices.Contains(f.Allowed, to) {
			return nil, fmt.Sprintf("%.200q is not allowed here", to), fmt.Errorf("%.200q was asked for, which --allow-authority does not have", to)
		}
	}
	if o.Messages {
		return nil, "a gateway carries streams of bytes", fmt.Errorf("it is one of messages to %s, and a gateway carries bytes", to)
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.Wait)
	defer cancel()
	if c, err = f.Dial(ctx, to); err != nil {
		return nil, "the server cannot be reached", fmt.Errorf("%s cannot be reached: %w", to, err)
	}
	return c, "", nil
}
