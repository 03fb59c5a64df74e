package kv

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
)

// settings are what CONFIG GET knows. Clients ask for some of them, and are content with the answers of a Redis that keeps
// nothing.
func (s *Server) settings() [][2]string {
	return [][2]string{
		{"appendonly", yes(s.cfg.Journal)},
		{"databases", "1"},
		{"maxmemory", strconv.FormatInt(s.cfg.MaxMemory, 10)},
		{"maxmemory-policy", "noeviction"},
		{"proto-max-bulk-len", strconv.Itoa(cmp.Or(s.cfg.Limits.Bulk, MaxString))},
		{"save", ""},
		{"timeout", "0"},
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func config(t *talk) {
	sub := lower(t.Arg(1))
	switch {
	case sub == "get" && t.Len() >= 3:
		var found []string
		for _, s := range t.server.settings() {
			if slices.ContainsFunc(patterns(t, 2), func(p []byte) bool { return match(p, s[0]) }) {
				found = append(found, s[0], s[1])
			}
		}
		t.wire(dialect.AppendBulks(t.Call.version.AppendMap(nil, len(found)/2), found...))
	case sub == "resetstat" && t.Len() == 2:
		t.server.commands.Store(0)
		t.server.hits.Store(0)
		t.server.misses.Store(0)
		t.server.expired.Store(0)
		t.ok()
	case sub == "set":
		t.refuse("ERR CONFIG SET failed - settings are given when the server starts")
	default:
		t.unknownSubcommand()
	}
}

// patterns are the arguments from i on, in lower case.
func patterns(t *talk, i int) (p [][]byte) {
	for ; i < t.Len(); i++ {
		p = append(p, []byte(lower(t.Arg(i))))
	}
	return p
}

// describe is COMMAND.
func describe(t *talk) {
	table := t.server.table
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	sub := ""
	if t.Len() > 1 {
		sub = lower(t.Arg(1))
	}
	switch {
	case sub == "":
		b := resp.AppendArray(nil, len(names))
		for _, name := range names {
			b = table[name].append(b)
		}
		t.wire(b)
	case sub == "count" && t.Len() == 2:
		t.integer(int64(len(table)))
	case sub == "list" && t.Len() == 2:
		t.wire(appendStrings(nil, names))
	case sub == "docs":
		t.wire(t.Call.version.AppendMap(nil, 0))
	case sub == "info":
		if t.Len() > 2 {
			names = nil
			for i := 2; i < t.Len(); i++ {
				names = append(names, lower(t.Arg(i)))
			}
		}
		b := resp.AppendArray(nil, len(names))
		for _, name := range names {
			if c := table[name]; c != nil {
				b = c.append(b)
			} else {
				b = t.Call.version.AppendNullArray(b)
			}
		}
		t.wire(b)
	default:
		t.unknownSubcommand()
	}
}

// append adds what COMMAND says of one command: name, arity, flags, and where its keys are.
func (c *command) append(b []byte) []byte {
	b = resp.AppendBulkString(resp.AppendArray(b, 6), c.name)
	b = resp.AppendInt(b, int64(c.arity))
	var flags []string
	for _, f := range []struct {
		trait trait
		name  string
	}{{grows, "denyoom"}, {early, "no_auth"}} {
		if c.is&f.trait != 0 {
			flags = append(flags, f.name)
		}
	}
	b = resp.AppendArray(b, len(flags))
	for _, f := range flags {
		b = resp.AppendSimple(b, f)
	}
	b = resp.AppendInt(b, int64(c.first))
	b = resp.AppendInt(b, int64(c.last))
	return resp.AppendInt(b, int64(c.step))
}

func info(t *talk) {
	var b strings.Builder
	for _, s := range t.server.sections() {
		if t.Len() == 1 || slices.ContainsFunc(patterns(t, 1), func(p []byte) bool {
			return string(p) == "all" || string(p) == "everything" || string(p) == "default" || strings.EqualFold(string(p), s.name)
		}) {
			if b.Len() > 0 {
				b.WriteString("\r\n")
			}
			fmt.Fprintf(&b, "# %s\r\n%s", s.name, s.text)
		}
	}
	t.verbatim(b.String())
}

type section struct{ name, text string }

func (s *Server) sections() []section {
	var lines strings.Builder
	say := func(name string, value any) { fmt.Fprintf(&lines, "%s:%v\r\n", name, value) }
	take := func() string { defer lines.Reset(); return lines.String() }
	var out []section

	up := time.Since(s.began)
	say("redis_version", Version)
	say("redis_mode", "standalone")
	say("os", runtime.GOOS+" "+runtime.GOARCH)
	say("process_id", os.Getpid())
	say("uptime_in_seconds", int(up.Seconds()))
	say("uptime_in_days", int(up.Hours()/24))
	say("workers", s.cfg.Workers)
	out = append(out, section{"Server", take()})

	s.mu.Lock()
	n := len(s.sessions)
	s.mu.Unlock()
	say("connected_clients", n)
	out = append(out, section{"Clients", take()})

	say("used_memory_dataset", max(s.keys.used.Load(), 0))
	say("maxmemory", s.cfg.MaxMemory)
	say("maxmemory_policy", "noeviction")
	out = append(out, section{"Memory", take()})

	say("loading", 0)
	say("aof_enabled", map[bool]int{true: 1}[s.cfg.Journal])
	out = append(out, section{"Persistence", take()})

	s.bus.mu.RLock()
	channels, patterns := len(s.bus.channels), len(s.bus.patterns)
	s.bus.mu.RUnlock()
	say("total_commands_processed", s.commands.Load())
	say("expired_keys", s.expired.Load())
	say("keyspace_hits", s.hits.Load())
	say("keyspace_misses", s.misses.Load())
	say("pubsub_channels", channels)
	say("pubsub_patterns", patterns)
	out = append(out, section{"Stats", take()})

	say("role", "master")
	say("connected_slaves", 0)
	out = append(out, section{"Replication", take()})

	if keys := s.keys.len(); keys > 0 {
		say("db0", fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", keys, s.keys.timed()))
	}
	out = append(out, section{"Keyspace", take()})
	return out
}
