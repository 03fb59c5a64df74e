package redis

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/internal/endpoint"
)

// A List is the shards as they are configured, which a flag and a file can say:
//
//	--servers alpha=10.0.0.1:6379*2+10.0.0.3:6379,10.0.0.2:6379
//
//	servers:
//	  - name: alpha
//	    address: 10.0.0.1:6379
//	    weight: 2
//	    password-file: /run/secrets/alpha
//	    replicas: [10.0.0.3:6379]
//	  - 10.0.0.2:6379
//
// are the same two shards, but for the password. A shard without a name has that of its address, and a replica too; of an
// address with the port 11211 it is the host alone. That is how twemproxy has it, and what the ketama distribution hashes.
type List []Shard

// Type implements pflag.Value.
func (*List) Type() string { return "servers" }

// Wanted describes the value to those who have given another.
func (*List) Wanted() string {
	return "servers, such as 10.0.0.1:6379,10.0.0.2:6379, or with name, weight and a replica alpha=10.0.0.1:6379*2+10.0.0.3:6379"
}

// String implements pflag.Value. It leaves out zones, users and passwords, which Set cannot say.
func (l *List) String() string {
	var all []string
	for _, s := range *l {
		text := s.Address
		if s.Name != defaultName(s.Address) {
			text = s.Name + "=" + text
		}
		if s.Weight != 0 && s.Weight != 1 {
			text += "*" + strconv.FormatFloat(s.Weight, 'f', -1, 64)
		}
		for _, r := range s.Replicas {
			text += "+" + r.Address
		}
		all = append(all, text)
	}
	return strings.Join(all, ",")
}

// Set implements pflag.Value.
func (l *List) Set(text string) error {
	var all List
	for word := range strings.SplitSeq(text, ",") {
		s, err := parseShard(strings.TrimSpace(word))
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if errs := all.twice(); len(errs) > 0 {
		return errs[0]
	}
	*l = all
	return nil
}

func parseShard(text string) (s Shard, err error) {
	text, replicas, _ := strings.Cut(text, "+")
	if name, rest, ok := strings.Cut(text, "="); ok {
		if s.Name = strings.TrimSpace(name); s.Name == "" {
			return s, fmt.Errorf("%q has no name before the =", text)
		}
		text = rest
	}
	if address, weight, ok := strings.Cut(text, "*"); ok {
		if s.Weight, err = parseWeight(strings.TrimSpace(weight)); err != nil {
			return s, err
		}
		text = address
	}
	s.Address = strings.TrimSpace(text)
	if err := endpoint.Check(s.Address); err != nil {
		return s, err
	}
	s.Name = cmp.Or(s.Name, defaultName(s.Address))
	if replicas == "" {
		return s, nil
	}
	for a := range strings.SplitSeq(replicas, "+") {
		a = strings.TrimSpace(a)
		if err := endpoint.Check(a); err != nil {
			return s, err
		}
		s.Replicas = append(s.Replicas, Server{Name: defaultName(a), Address: a})
	}
	return s, nil
}

// defaultName is how twemproxy calls a server without a name.
func defaultName(address string) string {
	if host, ok := strings.CutSuffix(address, ":11211"); ok {
		return host
	}
	return strings.TrimPrefix(address, "unix:")
}

func parseWeight(text string) (float64, error) {
	w, err := strconv.ParseFloat(text, 64)
	if err != nil || !(w > 0 && w <= 1e6) {
		return 0, fmt.Errorf("the weight %q is not a number above 0, at most 1000000", text)
	}
	return w, nil
}

// twice says which names there are twice. lines are those of the servers, primaries before their replicas, if they are known.
func (l List) twice(lines ...int) (wrong []error) {
	seen := map[string]bool{}
	i := 0
	check := func(s Server) {
		line := 0
		if i < len(lines) {
			line = lines[i]
		}
		i++
		if seen[s.Name] && s.Name != "" {
			wrong = append(wrong, wrongAt(line, "two servers have the name %q; give each one of its own", s.Name))
		}
		seen[s.Name] = true
	}
	for _, s := range l {
		check(s.Server)
		for _, r := range s.Replicas {
			check(r)
		}
	}
	return wrong
}

func wrongAt(line int, format string, args ...any) error {
	if line == 0 {
		return fmt.Errorf(format, args...)
	}
	return config.Wrong(line, format, args...)
}
