package redis

import (
	"bytes"
	"strings"

	"github.com/leat-io/leat/codec/resp"
)

// A Spec is what the table says of a command, or of a subcommand such as "object|encoding".
type Spec struct {
	Name  string // in lower case
	Arity int    // arguments, the name among them; negative: at least so many

	read     bool // it changes nothing
	blocking bool // it may wait
	keys     []keySpec
	subs     []Spec

	class class
	why   string // it is refused
	only  int    // the argument that is its one key; 0 if there are several or none
}

// takes says whether a command may have n arguments.
func (s *Spec) takes(n int) bool { return n == s.Arity || s.Arity < 0 && n >= -s.Arity }

// early says whether a command may come before the password.
func (s *Spec) early() bool {
	return s.class == talks && (s.Name == "auth" || s.Name == "hello" || s.Name == "quit" || s.Name == "reset")
}

// agrees says whether a command changes what its connection has agreed with the proxy.
func (s *Spec) agrees() bool { return s.early() || s.Name == "select" }

// whileListening says whether a command may come in RESP2 from one that has subscribed.
func (s *Spec) whileListening() bool {
	return s.class == listens || s.class == talks && (s.Name == "ping" || s.Name == "quit" || s.Name == "reset")
}

// upper is the name as people write it.
func (s *Spec) upper() string { return strings.ToUpper(strings.ReplaceAll(s.Name, "|", " ")) }

// sub returns the subcommand that c names, or nil.
func (s *Spec) sub(c *resp.Command) *Spec {
	if c.Len() < 2 {
		return nil
	}
	word := c.Arg(1)
	for i := range s.subs {
		if name := s.subs[i].Name[len(s.Name)+1:]; len(name) == len(word) && bytes.EqualFold(word, []byte(name)) {
			return &s.subs[i]
		}
	}
	return nil
}
