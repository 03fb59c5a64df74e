package kv

import (
	"strconv"
	"time"

	"github.com/leat-io/leat/cmd/leat/dialect"
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
		t.refuse(dialect.WrongNumber("ping"))
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
	if refusal := dialect.Password(t.server.cfg.Password).Auth(&t.Command); refusal != "" {
		t.refuse(refusal)
		return
	}
	t.trusted = true
	t.ok()
}

func hello(t *talk) {
	is, refusal := dialect.Password(t.server.cfg.Password).Hello(dialect.Client{Version: t.Call.version, Name: t.name, Trusted: t.trusted}, &t.Command)
	t.trusted = is.Trusted
	if refusal != "" {
		t.refuse(refusal)
		return
	}
	t.rename(is.Name)
	t.session.version.Store(uint32(is.Version))
	t.wire(is.Welcome("leat", Version, t.conn.ID()))
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

func (c *Call) unknownSubcommand() { c.refuse(dialect.UnknownSub(c.spec.name, &c.Command)) }
