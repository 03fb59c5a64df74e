package kv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/stage"
)

var errKilled = &stage.Reason{Label: "killed"}

func (x *session) rename(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.name = name
}

func client(t *talk) {
	sub, n := lower(t.Arg(1)), t.Len()
	switch {
	case sub == "id" && n == 2:
		t.integer(int64(t.conn.ID()))
	case sub == "getname" && n == 2:
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.name == "" {
			t.null()
			return
		}
		t.bulk([]byte(t.name))
	case sub == "setname" && n == 3:
		if !dialect.Visible(string(t.Arg(2))) {
			t.refuse(dialect.BadName)
			return
		}
		t.rename(string(t.Arg(2)))
		t.ok()
	case sub == "setinfo" && n == 4:
		t.setinfo()
	case sub == "info" && n == 2:
		t.verbatim(t.line(t.now) + "\n")
	case sub == "list" && n == 2:
		var b strings.Builder
		for _, x := range t.server.clients() {
			b.WriteString(x.line(t.now) + "\n")
		}
		t.verbatim(b.String())
	case sub == "kill" && n >= 3:
		t.kill()
	case (sub == "no-evict" || sub == "no-touch") && n == 3:
		if !dialect.Equal(t.Arg(2), "on") && !dialect.Equal(t.Arg(2), "off") {
			t.refuse(dialect.Syntax)
			return
		}
		t.ok() // nothing is ever evicted
	default:
		t.unknownSubcommand()
	}
}

func (t *talk) setinfo() {
	value := string(t.Arg(3))
	if !dialect.Visible(value) {
		t.refuse(dialect.BadValue(lower(t.Arg(2))))
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch lower(t.Arg(2)) {
	case "lib-name":
		t.lib = value
	case "lib-ver":
		t.libver = value
	default:
		t.refuse(dialect.UnknownOption(t.Arg(2)))
		return
	}
	t.ok()
}

// verbatim answers with a text.
func (t *talk) verbatim(text string) { t.wire(t.Call.version.AppendVerbatim(nil, "txt", []byte(text))) }

// clients are all sessions, oldest first.
func (s *Server) clients() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session
	for _, x := range s.sessions {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b *session) int { return int(a.conn.ID()) - int(b.conn.ID()) })
	return all
}

// line is what CLIENT LIST says of a session.
func (x *session) line(now int64) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	cmd := "NULL"
	if c := x.command.Load(); c != nil {
		cmd = c.name
	}
	_, out := x.conn.Owed()
	return fmt.Sprintf("id=%d addr=%s name=%s age=%d idle=%d db=0 resp=%d omem=%d cmd=%s lib-name=%s lib-ver=%s", x.conn.ID(), x.conn.Peer(),
		x.name, (now-x.began.UnixMilli())/1000, max(now-x.latest.Load(), 0)/1000, x.version.Load(), out, cmd, x.lib, x.libver)
}

// kill ends connections, by address or by what a filter says.
func (t *talk) kill() {
	if t.Len() == 3 { // the old form
		for _, x := range t.server.clients() {
			if x.conn.Peer() == string(t.Arg(2)) {
				x.end(t.session)
				t.ok()
				return
			}
		}
		t.refuse("ERR No such client")
		return
	}
	id, address, skipme := uint64(0), "", true
	for i := 2; i < t.Len(); i += 2 {
		if i+1 == t.Len() {
			t.refuse(dialect.Syntax)
			return
		}
		switch a, value := t.Arg(i), string(t.Arg(i+1)); {
		case dialect.Equal(a, "id"):
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil || n == 0 {
				t.refuse("ERR client-id should be greater than 0")
				return
			}
			id = n
		case dialect.Equal(a, "addr"):
			address = value
		case dialect.Equal(a, "skipme") && (strings.EqualFold(value, "yes") || strings.EqualFold(value, "no")):
			skipme = strings.EqualFold(value, "yes")
		default:
			t.refuse(dialect.Syntax)
			return
		}
	}
	n := int64(0)
	for _, x := range t.server.clients() {
		if (id == 0 || x.conn.ID() == id) && (address == "" || x.conn.Peer() == address) && (x != t.session || !skipme) {
			x.end(t.session)
			n++
		}
	}
	t.integer(n)
}

// end closes a connection; the one that asked for it is answered first.
func (x *session) end(by *session) {
	if x == by {
		x.quit = true
		x.conn.Finish(errKilled)
		return
	}
	x.conn.Fail(errKilled)
}
