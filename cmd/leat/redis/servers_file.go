package redis

import (
	"cmp"
	"fmt"
	"os"

	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/internal/endpoint"
)

// SetNode implements config.Tree.
func (l *List) SetNode(n config.Node) []error {
	if n.IsText() {
		if err := l.Set(n.Text); err != nil {
			return []error{config.Wrong(n.Line, "%v; wanted %s", err, l.Wanted())}
		}
		return nil
	}
	if !n.IsList() || len(n.Items) == 0 {
		return []error{config.Wrong(n.Line, "wanted a list of servers, each an address or a map with the address in it")}
	}
	r := &serverReader{}
	var all List
	for _, item := range n.Items {
		all = append(all, r.shard(item))
	}
	if r.wrong = append(r.wrong, all.twice(r.lines...)...); len(r.wrong) > 0 {
		return r.wrong
	}
	*l = all
	return nil
}

// A serverReader reads servers of a file and notes everything that is wrong.
type serverReader struct {
	wrong []error
	lines []int // of the servers so far
}

func (r *serverReader) note(line int, format string, args ...any) {
	r.wrong = append(r.wrong, config.Wrong(line, format, args...))
}

func (r *serverReader) shard(n config.Node) (s Shard) {
	r.lines = append(r.lines, n.Line)
	if n.IsText() {
		var err error
		if s, err = parseShard(n.Text); err != nil {
			r.note(n.Line, "%v", err)
		}
		for range s.Replicas {
			r.lines = append(r.lines, n.Line)
		}
		return s
	}
	var replicas *config.Field
	s.Server = r.server(n, func(f *config.Field) bool {
		if f.Key == "replicas" {
			replicas = f
		}
		return f.Key == "replicas"
	})
	switch {
	case replicas == nil:
	case !replicas.IsList():
		r.note(replicas.Line, "replicas is no list of servers")
	default:
		for _, item := range replicas.Items {
			r.lines = append(r.lines, item.Line)
			s.Replicas = append(s.Replicas, r.replica(item))
		}
	}
	return s
}

func (r *serverReader) replica(n config.Node) Server {
	if !n.IsText() {
		return r.server(n, func(*config.Field) bool { return false })
	}
	if err := endpoint.Check(n.Text); err != nil {
		r.note(n.Line, "%v", err)
	}
	return Server{Name: defaultName(n.Text), Address: n.Text}
}

var serverKeys = []string{"name", "address", "weight", "zone", "region", "user", "password-file", "password-env", "replicas"}

// server reads a map. more is asked about keys first.
func (r *serverReader) server(n config.Node, more func(*config.Field) bool) (s Server) {
	if !n.IsMap() {
		r.note(n.Line, "a server is an address, or a map with the address in it")
		return s
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		if more(f) {
			continue
		}
		if !f.IsText() || f.Text == "" {
			r.note(f.Line, "%s has no single value", f.Key)
			continue
		}
		r.field(&s, f)
	}
	if s.Address == "" {
		r.note(n.Line, "a server has no address")
	}
	s.Name = cmp.Or(s.Name, defaultName(s.Address))
	return s
}

func (r *serverReader) field(s *Server, f *config.Field) {
	var err error
	switch f.Key {
	case "name":
		s.Name = f.Text
	case "address":
		s.Address, err = f.Text, endpoint.Check(f.Text)
	case "weight":
		s.Weight, err = parseWeight(f.Text)
	case "zone":
		s.Zone = f.Text
	case "region":
		s.Region = f.Text
	case "user":
		s.User = f.Text
	case "password-file":
		s.Password, err = config.ReadSecret(f.Text)
	case "password-env":
		if s.Password = os.Getenv(f.Text); s.Password == "" {
			err = fmt.Errorf("the variable %s is not set", f.Text)
		}
	case "password":
		err = fmt.Errorf("a password may be seen here by others; put it into a file of its own and name that with password-file, or its variable with password-env")
	default:
		err = fmt.Errorf("a server has no %s; the nearest is %s", f.Key, config.Nearest(f.Key, serverKeys))
	}
	if err != nil {
		r.note(f.Line, "%v", err)
	}
}
