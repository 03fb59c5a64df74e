package tcp

import (
	"io/fs"

	"github.com/leat-io/leat/stage"
)

// DefaultMaxConns leaves room for other descriptors under the limit of 20 000 that is common for one process.
const DefaultMaxConns = 16384

// An Option changes a source.
type Option func(*Source)

// Name is the name of the node. The default is "tcp" and the address.
func Name(n string) Option { return func(s *Source) { s.name = n } }

// Limits bound what one connection may cost. The default is stage.DefaultLimits.
func Limits(l stage.Limits) Option { return func(s *Source) { s.limits = l } }

// MaxConns is the most connections at a time; more are closed at once and counted. The default is 16 384.
func MaxConns(n int) Option { return func(s *Source) { s.maxConns = n } }

// MaxConnsPerAddress is the most connections at a time from one IPv4 address, or from one IPv6 network of 64 bits; more are
// closed at once and counted. The default is 0, no such limit. Peers of unix sockets have no address.
func MaxConnsPerAddress(n int) Option { return func(s *Source) { s.table.MaxPerAddress = n } }

// AcceptRate is the most connections that are accepted in a second, after burst at once. What is over waits in the backlog,
// as long as that has room. The default is no such limit.
func AcceptRate(perSecond float64, burst int) Option {
	return func(s *Source) { s.intake.limit(perSecond, burst) }
}

// Mode is the permissions of the file of a unix socket: whoever may write it may connect. The default is what the umask of
// the process leaves of 0777.
func Mode(m fs.FileMode) Option {
	return func(s *Source) {
		perm := uint32(m.Perm())
		s.mode = &perm
	}
}
