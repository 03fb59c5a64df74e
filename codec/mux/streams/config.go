package streams

import (
	"fmt"
	"sync"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/codec/mux/session"
)

// A Config says how the connections of one source are served. The zero Config has the defaults.
type Config struct {
	Settings *mux.Settings // of this side; nil stands for [mux.DefaultSettings]
	Metadata mux.Metadata  // that introduces this side, in its first SETTINGS
	Checks   bool          // offer checksums

	// Authenticate decides about a client by the metadata of its first SETTINGS, borrowed for the call, before any stream of it is
	// served. It is called on the lane that reads, so it must not wait.
	Authenticate func(mux.Metadata) error

	Compression compress.Algorithm // that is offered; 0 is none
	Threshold   int                // bytes from which on payloads are compressed; 0 stands for the algorithm's default

	Policy     session.Policy  // in which order streams send
	Limits     *session.Limits // of what a client may cost; nil stands for [session.DefaultLimits]
	Budget     *session.Budget // that windows grow within; nil stands for [session.DefaultBudget]
	MaxMessage int             // bytes of the longest message on a stream of messages; 0 stands for 4 MiB
}

// A Mux makes the stages that serve the protocol, which are for one flow together.
type Mux struct {
	config   Config
	settings mux.Settings
	features mux.Features
	lanes    sync.Map // *stage.Lane to its *receiver
}

// New returns the stages of c.
func New(c Config) (*Mux, error) {
	m := &Mux{config: c, settings: mux.DefaultSettings}
	if c.Settings != nil {
		m.settings = *c.Settings
	}
	if m.config.MaxMessage == 0 {
		m.config.MaxMessage = 4 << 20
	}
	if c.Checks {
		m.features |= mux.Checksums
	}
	switch c.Compression {
	case 0:
	case compress.Zstd:
		m.features |= mux.Zstandard
	default:
		m.features |= mux.S2
	}
	if _, err := m.begin(nil); err != nil {
		return nil, fmt.Errorf("streams: %w", err)
	}
	return m, nil
}

// begin makes the session of a connection.
func (m *Mux) begin(u session.User) (*session.Session, error) {
	c := &m.config
	own := session.Config{
		Server: true, Settings: &m.settings, Features: m.features, Metadata: c.Metadata, Authenticate: c.Authenticate,
		Policy: c.Policy, Limits: c.Limits, Budget: c.Budget,
	}
	if c.Compression != 0 {
		out, err := compress.New(c.Compression, c.Threshold)
		if err != nil {
			return nil, err
		}
		own.Compress, own.Decompress = out, compress.NewReader(m.settings.MaxFrame, m.features)
	}
	return session.New(u, own)
}
