package assembly

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/cmd/leat/redis"
	"github.com/leat-io/leat/internal/preface"
)

// Names are servers by the name that a TLS client asks for, which a flag can say:
//
//	--names api.example.org=10.0.0.1:443+10.0.0.2:443*2,*.example.org=10.0.0.3:443
//
// Servers of one name are balanced. A star stands for one label.
type Names []NamedServers

// NamedServers are the servers of the names that a pattern matches.
type NamedServers struct {
	Pattern string
	Servers redis.List
}

// Type implements pflag.Value.
func (*Names) Type() string { return "names" }

// Wanted describes the value to those who have given another.
func (*Names) Wanted() string {
	return "names and their servers, such as api.example.org=10.0.0.1:443+10.0.0.2:443,*.example.org=10.0.0.3:443"
}

// String implements pflag.Value.
func (n *Names) String() string {
	var all []string
	for _, s := range *n {
		all = append(all, s.Pattern+"="+strings.ReplaceAll(s.Servers.String(), ",", "+"))
	}
	return strings.Join(all, ",")
}

// Set implements pflag.Value.
func (n *Names) Set(text string) error {
	var all Names
	if strings.TrimSpace(text) == "" {
		*n = nil
		return nil
	}
	for word := range strings.SplitSeq(text, ",") {
		pattern, servers, ok := strings.Cut(strings.TrimSpace(word), "=")
		if !ok {
			return fmt.Errorf("%q has no = between a name and its servers", word)
		}
		s := NamedServers{Pattern: strings.ToLower(pattern)}
		if err := s.Servers.Set(strings.ReplaceAll(servers, "+", ",")); err != nil {
			return fmt.Errorf("%s: %w", pattern, err)
		}
		all = append(all, s)
	}
	if err := all.check(); err != nil {
		return err
	}
	*n = all
	return nil
}

// check says which pattern is none, or is there twice.
func (n Names) check() error {
	var m preface.Names[int]
	for _, s := range n {
		if err := m.Add(s.Pattern, 0); err != nil {
			return err
		}
	}
	return nil
}
