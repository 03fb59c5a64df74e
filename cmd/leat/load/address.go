package load

import (
	"errors"
	"fmt"
	"strings"
)

// A target is one address of the server.
type target struct{ network, address, name string }

// parseTargets reads addresses that are separated by commas: host:port, or unix: and a path.
func parseTargets(s string) ([]target, error) {
	if s == "" {
		return nil, errors.New("load: no address")
	}
	var all []target
	for name := range strings.SplitSeq(s, ",") {
		t := target{"tcp", strings.TrimSpace(name), strings.TrimSpace(name)}
		if path, ok := strings.CutPrefix(t.name, "unix:"); ok {
			t.network, t.address = "unix", path
		}
		if t.address == "" {
			return nil, fmt.Errorf("load: one of the addresses %q is empty", s)
		}
		all = append(all, t)
	}
	if len(all) > maxTargets {
		return nil, fmt.Errorf("load: %d addresses are more than %d", len(all), maxTargets)
	}
	return all, nil
}
