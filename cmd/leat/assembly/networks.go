package assembly

import (
	"strings"

	"github.com/leat-io/leat/internal/preface"
)

// Networks are addresses and networks that a flag can say, such as 127.0.0.1,10.0.0.0/8; "unix" stands for unix sockets.
type Networks struct {
	preface.Trusted
	text string
}

// Type implements pflag.Value.
func (*Networks) Type() string { return "networks" }

// Wanted describes the value to those who have given another.
func (*Networks) Wanted() string { return "networks, such as 127.0.0.1,10.0.0.0/8" }

// String implements pflag.Value.
func (n *Networks) String() string { return n.text }

// Set implements pflag.Value. An empty text is no network.
func (n *Networks) Set(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		*n = Networks{}
		return nil
	}
	t, err := preface.ParseTrusted(text)
	if err == nil {
		*n = Networks{t, text}
	}
	return err
}
