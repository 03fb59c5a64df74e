// Package kv is a server of the Redis protocol: strings that may expire, and publish/subscribe, in memory, with an optional
// journal. It is small in what it has and complete in that; what it does not have it refuses in Redis's words.
//
// It is an assembly like any other, and the place to look for how one is made. The lane that reads decodes commands, and a
// session follows what they mean for their connection: its protocol version, its password, its subscriptions. Then a
// command either runs there (no workers), or on the lane that owns its keys; one with several keys is split among their
// lanes and gathered again. A new command is a function and a line of [table].
package kv

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/codec/resp"
)

// Config says how to serve. The zero value serves on the lanes that read, without a password or a bound on memory.
type Config struct {
	Workers   int         // lanes that the keys are divided among; 0 runs commands on the lanes that read
	Password  string      // that a client must give before anything else; none when empty
	MaxMemory int64       // bytes of keys and values above which commands that add are refused; 0 for no bound
	Limits    resp.Limits // of one command
	Journal   bool        // what changes data says how it is to be repeated; there must be one worker, because a journal is one order
}

// A Server is the data, and what all connections share.
type Server struct {
	cfg   Config
	table map[string]*command // for the commands in the table that tell of it
	keys  keyspace
	bus   bus
	began time.Time

	commands atomic.Uint64 // run so far
	hits     atomic.Uint64 // keys looked up and found
	misses   atomic.Uint64 // and not found
	expired  atomic.Uint64 // keys

	sweeping atomic.Bool  // a lane removes expired keys
	swept    atomic.Int64 // when one did, Unix time in milliseconds

	mu       sync.Mutex
	sessions map[uint64]*session // guarded by mu: by number of the connection
}

// New makes a server without data.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, table: table, began: time.Now(), sessions: map[uint64]*session{}}
	s.keys.init(cfg.MaxMemory)
	s.bus.init()
	return s
}

// Len is how many keys there are, expired ones that nobody has looked at included.
func (s *Server) Len() int { return s.keys.len() }

// lower is for command names and options in errors, which Redis repeats in lower case.
func lower(b []byte) string { return strings.ToLower(string(b)) }
