package assembly

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
)

// TLS says how a server speaks TLS: not at all without a certificate. Lists have commas between.
type TLS struct {
	Cert       string // files of certificates
	Key        string // files of their keys, in the same order
	ClientCA   string // file of the authorities of clients
	ClientAuth string // one of tlsconf.ClientAuths; "" requires certificates when there is ClientCA
	Policy     string // one of tlsconf.Policies
	Curves     string // names of tlsconf.Curves; "" for those of crypto/tls
	Protocols  string // application protocols
	Tickets    bool   // sessions can be resumed
	Handshakes int    // under way at a time
}

// DefaultTLS has no certificate.
func DefaultTLS() TLS {
	return TLS{Policy: tlsconf.Intermediate, Tickets: true, Handshakes: tcp.DefaultMaxHandshakes}
}

// Enabled says whether the server speaks TLS.
func (t TLS) Enabled() bool { return t.Cert != "" || t.Key != "" }

// Validate says what is wrong with the settings and with the files.
func (t TLS) Validate() error {
	if !t.Enabled() {
		if t.ClientCA != "" || t.ClientAuth != "" {
			return fmt.Errorf("clients can be asked for certificates only by a server that has one")
		}
		return nil
	}
	if err := within("handshakes", t.Handshakes, 1, 1<<20); err != nil {
		return err
	}
	_, err := t.Open()
	return err
}

// Open reads the files.
func (t TLS) Open() (*tlsconf.Live, error) {
	certs, keys := list(t.Cert), list(t.Key)
	if len(certs) != len(keys) {
		return nil, fmt.Errorf("there are %d certificates and %d keys: each certificate needs its key", len(certs), len(keys))
	}
	s := tlsconf.Server{
		Policy: t.Policy, Curves: list(t.Curves), Protocols: list(t.Protocols),
		ClientAuth: t.ClientAuth, ClientCA: t.ClientCA, NoTickets: !t.Tickets,
	}
	for i := range certs {
		s.Pairs = append(s.Pairs, tlsconf.Pair{Cert: certs[i], Key: keys[i]})
	}
	return s.Open()
}

// options are those of a source, and the certificates behind them, nil without TLS.
func (t TLS) options() ([]tcp.Option, *tlsconf.Live, error) {
	if !t.Enabled() {
		return nil, nil, nil
	}
	live, err := t.Open()
	if err != nil {
		return nil, nil, err
	}
	return []tcp.Option{tcp.TLS(live.Config()), tcp.MaxHandshakes(t.Handshakes)}, live, nil
}

// list are the words of a setting.
func list(s string) (words []string) {
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
