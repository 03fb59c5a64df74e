package kv

import (
	"crypto/sha256"
	"crypto/subtle"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// A talk is a command about the connection itself, which runs on the lane that reads.
type talk struct {
	*session
	*Call
	lane *stage.Lane
}

// Version is what the server says it is compatible with.
const Version = "7.0.0"

func ping(t *talk) {
	switch {
	case t.Len() > 2:
		t.refuse("ERR wrong number of arguments for 'ping' command")
	case len(t.channels)+len(t.patterns) > 0 && t.Call.version == resp.RESP2:
		var text []byte
		if t.Len() == 2 {
			text = t.Arg(1)
		}
		t.wire(resp.AppendBulk(resp.AppendBulkString(resp.AppendArray(nil, 2), "pong"), text))
	case t.Len() == 2:
		t.bulk(t.Arg(1))
	default:
		t.reply = pong
	}
}

var pong = reply{kind: simple, b: []byte("PONG")}

func echo(t *talk) { t.bulk(t.Arg(1)) }

func quit(t *talk) {
	t.ok()
	t.quit = true
	t.conn.Finish(nil)
}

func selectDB(t *talk) {
	switch n, good := t.number(1); {
	case good && n != 0:
		t.refuse("ERR DB index is out of range")
	case good:
		t.ok()
	}
}

func timeOf(t *talk) {
	now := time.Now()
	t.wire(appendStrings(nil, []string{strconv.FormatInt(now.Unix(), 10), strconv.Itoa(now.Nanosecond() / 1000)}))
}

func auth(t *talk) {
	if t.Len() > 3 {
		t.refuse(errSyntax)
		return
	}
	user := "default"
	if t.Len() == 3 {
		user = string(t.Arg(1))
	} else if t.server.cfg.Password == "" {
		t.refuse("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if t.login(user, t.Arg(t.Len()-1)) {
		t.ok()
	}
}

// login takes time that does not depend on how much of the password is right.
func (t *talk) login(user string, password []byte) bool {
	want, have := sha256.Sum256([]byte(t.server.cfg.Password)), sha256.Sum256(password)
	if right := subtle.ConstantTimeCompare(want[:], have[:]) == 1 || t.server.cfg.Password == ""; user != "default" || !right {
		t.refuse("WRONGPASS invalid username-password pair or user is disabled.")
		return false
	}
	t.trusted = true
	return true
}

func hello(t *talk) {
	version, name, named := t.Call.version, "", false
	next := 1
	if t.Len() > 1 {
		n, good := integerOf(t.Arg(1))
		switch {
		case !good:
			t.refuse("ERR Protocol version is not an integer or out of range")
			return
		case n != 2 && n != 3:
			t.refuse("NOPROTO unsupported protocol version")
			return
		}
		version, next = resp.Version(n), 2
	}
	for ; next < t.Len(); next++ {
		switch a, more := t.Arg(next), t.Len()-next-1; {
		case equal(a, "auth") && more >= 2:
			if !t.login(string(t.Arg(next+1)), t.Arg(next+2)) {
				return
			}
			next += 2
		case equal(a, "setname") && more >= 1:
			if name, named = string(t.Arg(next+1)), true; !visible(name) {
				t.refuse(errName)
				return
			}
			next++
		default:
			t.refuse("ERR Syntax error in HELLO option '" + string(a) + "'")
			return
		}
	}
	if !t.trusted {
		t.refuse("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if named {
		t.rename(name)
	}
	t.session.version.Store(uint32(version))
	b := version.AppendMap(nil, 7)
	b = appendBulks(b, "server", "leat", "version", Version, "proto")
	b = resp.AppendInt(b, int64(version))
	b = resp.AppendInt(resp.AppendBulkString(b, "id"), int64(t.conn.ID()))
	b = appendBulks(b, "mode", "standalone", "role", "master", "modules")
	t.wire(resp.AppendArray(b, 0))
}

func appendBulks(b []byte, words ...string) []byte {
	for _, w := range words {
		b = resp.AppendBulkString(b, w)
	}
	return b
}

// reset makes the connection what it was when it was new.
func reset(t *talk) {
	t.server.bus.leave(t.session)
	clear(t.channels)
	clear(t.patterns)
	t.names = 0
	t.trusted = t.server.cfg.Password == ""
	t.session.version.Store(uint32(resp.RESP2))
	t.rename("")
	t.simple("RESET")
}

func (c *Call) unknownSubcommand() {
	c.refuse("ERR unknown subcommand '" + clip(c.Arg(1), 128) + "'. Try " + strings.ToUpper(c.spec.name) + " HELP.")
}
