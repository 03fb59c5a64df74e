package redis

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
)

// info answers INFO with what the proxy knows of itself.
func (d *doorman) info(c *Request) {
	var b strings.Builder
	for _, s := range d.sections() {
		if c.Len() > 1 && !asksFor(c, s.name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "# %s\r\n%s", s.name, s.text)
	}
	c.wire(c.version.AppendVerbatim(nil, "txt", []byte(b.String())))
}

func asksFor(c *Request, section string) bool {
	for i := 1; i < c.Len(); i++ {
		if a := c.Arg(i); dialect.Equal(a, "all") || dialect.Equal(a, "everything") || dialect.Equal(a, "default") || dialect.Equal(a, section) {
			return true
		}
	}
	return false
}

type section struct{ name, text string }

func (d *doorman) sections() []section {
	var lines strings.Builder
	say := func(name string, value any) { fmt.Fprintf(&lines, "%s:%v\r\n", name, value) }
	take := func() string { defer lines.Reset(); return lines.String() }
	var out []section

	say("redis_version", Version)
	say("redis_mode", "standalone")
	say("process_id", os.Getpid())
	say("uptime_in_seconds", int(time.Since(d.proxy.began).Seconds()))
	out = append(out, section{"Server", take()})

	say("connected_clients", d.proxy.clients.Load())
	out = append(out, section{"Clients", take()})

	say("total_commands_processed", d.proxy.requests.Load())
	out = append(out, section{"Stats", take()})

	say("role", "master")
	out = append(out, section{"Replication", take()})

	say("shards", len(d.routing.shards))
	say("reloads", d.proxy.reloads.Load())
	listening, moved := d.proxy.subscribers.count()
	say("subscribers", listening)
	say("subscribers_moved", moved)
	out = append(out, section{"Proxy", take()})
	return out
}

// config answers CONFIG GET with what clients ask for, as a Redis would that keeps nothing.
func (d *doorman) config(c *Request) {
	known := []string{"appendonly", "no", "databases", strconv.Itoa(d.databases), "save", ""}
	var found []string
	for i := 0; i < len(known); i += 2 {
		for a := 2; a < c.Len(); a++ {
			if (dialect.Equal(c.Arg(a), known[i]) || string(c.Arg(a)) == "*") && !slices.Contains(found, known[i]) {
				found = append(found, known[i], known[i+1])
			}
		}
	}
	b := c.version.AppendMap(nil, len(found)/2)
	for _, f := range found {
		b = resp.AppendBulkString(b, f)
	}
	c.wire(b)
}
