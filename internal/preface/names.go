package preface

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
)

// Names maps names of servers to values. It is built before it is used, and may then be read by anybody.
type Names[V any] struct {
	exact map[string]V
	below map[string]V // of wildcards, by what comes after the star, with its dot
	other *V
}

// Add maps a pattern to v: a host name, "*.example.org" for every name with one label before that, or "*" for whatever no other
// pattern matches, also no name at all. A pattern that there is already is an error.
func (m *Names[V]) Add(pattern string, v V) error {
	if pattern == "*" {
		if m.other != nil {
			return fmt.Errorf("the pattern %q is there twice", pattern)
		}
		m.other = &v
		return nil
	}
	base, wild := strings.CutPrefix(pattern, "*.")
	name, ok := hostName(base)
	if !ok {
		return fmt.Errorf("the pattern %q is no host name, no *.example.org and no *", pattern)
	}
	in := &m.exact
	if wild {
		in, name = &m.below, "."+name
	}
	if _, twice := (*in)[name]; twice {
		return fmt.Errorf("the pattern %q is there twice", pattern)
	}
	if *in == nil {
		*in = map[string]V{}
	}
	(*in)[name] = v
	return nil
}

// Match is the value for a name: that of the name itself, else that of the wildcard, else that of "*". Case does not matter. A name
// that is in lower case costs no allocation.
func (m *Names[V]) Match(name string) (v V, ok bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if v, ok = m.exact[name]; ok {
		return v, true
	}
	if dot := strings.IndexByte(name, '.'); dot > 0 {
		if v, ok = m.below[name[dot:]]; ok {
			return v, true
		}
	}
	if m.other != nil {
		return *m.other, true
	}
	return v, false
}

// hostName is name in lower case and without a dot at its end, if it can be that of a host: labels of 1 to 63 letters, digits,
// hyphens and underscores, 253 bytes in all (RFC 1123, section 2.1). Underscores are in use, whatever that says.
func hostName(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if len(name) == 0 || len(name) > 253 {
		return "", false
	}
	label := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = 0
			continue
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-' && label > 0:
			label++
		default:
			return "", false
		}
		if label > 63 {
			return "", false
		}
	}
	return strings.ToLower(name), label > 0
}

// isAddress says whether a name is the literal address of a host.
func isAddress(name []byte) bool {
	if last := name[len(name)-1]; bytes.IndexByte(name, ':') < 0 && (last < '0' || last > '9') {
		return false // so that nothing is allocated for the error of a name
	}
	_, err := netip.ParseAddr(string(name))
	return err == nil
}
