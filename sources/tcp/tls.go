package tcp

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// TLS has connections speak TLS, 1.2 or later. Stages see the bytes inside, and marks and limits count those; [TLSState] says
// what was agreed on. The config must have a certificate or a way to get one: package tlsconf makes such, from files that can be
// reloaded. It must not be changed any more.
//
// Handshakes run on goroutines of their own, beside the lanes, as many at a time as there are processors. A client has until
// FirstMessage of [Limits], from accept, for its handshake and its first message together. A connection whose handshake fails
// is counted as closed by "handshake", one whose stream ends without close_notify as "truncated", and the gauges say how many
// handshakes failed for which reason.
//
// The engine [IOUring] is replaced by [Reactor], as its gauge says then.
func TLS(config *tls.Config) Option { return func(s *Source) { s.tls = config } }

// DefaultMaxHandshakes is the most handshakes that are under way at a time.
const DefaultMaxHandshakes = tlsio.DefaultMost

// MaxHandshakes is the most handshakes of TLS that are under way at a time; one whose client does not go on costs some 20 KB.
// More wait for their turn with nothing but what their client has sent, within their time. The default is 8192. The engine
// [Goroutines] has no such bound, because each connection has its goroutine anyway.
func MaxHandshakes(n int) Option { return func(s *Source) { s.maxHandshakes = n } }

// TLSState says what the handshake of a connection has agreed on: version, cipher, protocol (ALPN), server name and the verified
// certificates of the client. There is none for a connection without TLS, or before the end of its handshake.
func TLSState(c *stage.Conn) (*tls.ConnectionState, bool) {
	p, ok := c.Port().(interface{ session() *tlsio.Session })
	if !ok || p.session() == nil {
		return nil, false
	}
	state := p.session().State()
	return state, state != nil
}

// secure makes what handshakes need.
func (s *Source) secure() {
	if s.tls != nil {
		s.crew = tlsio.NewCrew(s.maxHandshakes)
	}
}

// validateTLS says what is wrong with the config, and raises its least version to 1.2 where that is open.
func (s *Source) validateTLS() error {
	switch {
	case s.tls == nil:
		return nil
	case !tlsServed:
		return errors.New("TLS is not served on this system")
	case s.maxHandshakes < 1:
		return fmt.Errorf("needs at least 1 handshake at a time, not %d", s.maxHandshakes)
	}
	config, err := tlsio.ServerConfig(s.tls)
	if err == nil {
		s.tls = config
	}
	return err
}

// tlsGauges are the figures of handshakes.
func (s *Source) tlsGauges() (g []pipeline.Gauge) {
	if s.crew != nil {
		s.crew.Figures(func(name, value string) { g = append(g, pipeline.Gauge{Name: name, Value: value}) })
	}
	return g
}

// handshakeFailed is why a connection is closed whose handshake failed because of err.
func handshakeFailed(err error) error {
	if errors.Is(err, stage.ErrStopped) {
		return stage.ErrStopped
	}
	return fmt.Errorf("%w: %w", stage.ErrHandshake, err)
}

// broken is why a connection is closed of which crypto/tls says err.
func broken(err error) error {
	if errors.Is(err, stage.ErrReset) {
		return stage.ErrReset
	}
	return fmt.Errorf("%w: %w", stage.ErrMalformed, err)
}
