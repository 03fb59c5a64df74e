package kv

import (
	"maps"
	"slices"
	"sync"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// What one connection may listen to: each channel and pattern costs a place in two maps, and its name.
const (
	maxSubscriptions = 10_000
	maxNames         = 1 << 20 // bytes
)

// A bus is who listens to what.
type bus struct {
	mu       sync.RWMutex
	channels map[string]map[*session]struct{} // guarded by mu
	patterns map[string]map[*session]struct{} // guarded by mu
}

func (b *bus) init() {
	b.channels, b.patterns = map[string]map[*session]struct{}{}, map[string]map[*session]struct{}{}
}

// join and drop keep one of the two maps.
func join(m map[string]map[*session]struct{}, name string, x *session) {
	if m[name] == nil {
		m[name] = map[*session]struct{}{}
	}
	m[name][x] = struct{}{}
}

func drop(m map[string]map[*session]struct{}, name string, x *session) {
	if delete(m[name], x); len(m[name]) == 0 {
		delete(m, name)
	}
}

// leave ends all subscriptions of a session whose connection has ended.
func (b *bus) leave(x *session) {
	if len(x.channels)+len(x.patterns) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name := range x.channels {
		drop(b.channels, name, x)
	}
	for name := range x.patterns {
		drop(b.patterns, name, x)
	}
}

// publish writes a message to all who listen, and returns how many they are. It is written before anybody can stop to
// listen: nothing comes behind the confirmation of that, where the answer to the next command is expected. A subscriber that does not read is closed when its output passes the hard limit, as any slow reader.
func (b *bus) publish(o *stage.Outbox, channel, text []byte) (n int64) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for x := range b.channels[string(channel)] {
		x.push(o, "message", channel, text)
		n++
	}
	for pattern, listeners := range b.patterns {
		if !match([]byte(pattern), string(channel)) {
			continue
		}
		for x := range listeners {
			x.push(o, "pmessage", []byte(pattern), channel, text)
			n++
		}
	}
	if n > 0 {
		o.Flush()
	}
	return n
}

// push writes a message that nobody has asked for.
func (x *session) push(o *stage.Outbox, kind string, words ...[]byte) {
	b := resp.Version(x.version.Load()).AppendPush(o.Buffer(), len(words)+1)
	b = resp.AppendBulkString(b, kind)
	for _, w := range words {
		b = resp.AppendBulk(b, w)
	}
	var h stage.Head
	h.SetConn(x.conn)
	o.Answer(&h, b)
}

func publish(x *exec) { x.integer(x.server.bus.publish(x.lane.Outbox(), x.Arg(1), x.Arg(2))) }

func subscribe(t *talk) {
	t.subscribe("subscribe", &t.channels, t.server.bus.channels)
}

func psubscribe(t *talk) {
	t.subscribe("psubscribe", &t.patterns, t.server.bus.patterns)
}

// subscribe confirms and joins under the lock that publishers need: no message can come before the confirmation, and whoever
// has read that is listened to. The command is decoded alone: everything before it has been answered.
func (t *talk) subscribe(kind string, mine *map[string]struct{}, all map[string]map[*session]struct{}) {
	names, bytes := map[string]struct{}{}, t.names
	for i := 1; i < t.Len(); i++ {
		name := string(t.Arg(i))
		if _, known := (*mine)[name]; known {
			continue
		}
		if _, twice := names[name]; !twice {
			names[name] = struct{}{}
			bytes += len(name)
		}
	}
	if len(t.channels)+len(t.patterns)+len(names) > maxSubscriptions || bytes > maxNames {
		t.refuse("ERR too many subscriptions on one connection")
		return
	}
	t.names = bytes
	o := t.lane.Outbox()
	b := o.Buffer()
	if *mine == nil {
		*mine = map[string]struct{}{}
	}
	for i := 1; i < t.Len(); i++ {
		(*mine)[string(t.Arg(i))] = struct{}{}
		b = t.confirm(b, kind, t.Arg(i))
	}
	t.reply.kind = silent
	t.server.bus.mu.Lock()
	defer t.server.bus.mu.Unlock()
	for name := range names {
		join(all, name, t.session)
	}
	o.Answer(&t.Head, b)
	o.Flush()
}

// confirm tells the client of a change of one subscription; a nil name is that there was none.
func (t *talk) confirm(b []byte, kind string, name []byte) []byte {
	b = resp.AppendBulkString(t.Call.version.AppendPush(b, 3), kind)
	if name == nil {
		b = t.Call.version.AppendNull(b)
	} else {
		b = resp.AppendBulk(b, name)
	}
	return resp.AppendInt(b, int64(len(t.channels)+len(t.patterns)))
}

func unsubscribe(t *talk) {
	t.unsubscribe("unsubscribe", t.channels, t.server.bus.channels)
}

func punsubscribe(t *talk) {
	t.unsubscribe("punsubscribe", t.patterns, t.server.bus.patterns)
}

func (t *talk) unsubscribe(kind string, mine map[string]struct{}, all map[string]map[*session]struct{}) {
	var names []string
	for i := 1; i < t.Len(); i++ {
		names = append(names, string(t.Arg(i)))
	}
	if names == nil {
		names = slices.Sorted(maps.Keys(mine))
	}
	t.server.bus.mu.Lock()
	defer t.server.bus.mu.Unlock()
	var b []byte
	for _, name := range names {
		if _, known := mine[name]; known {
			delete(mine, name)
			t.names -= len(name)
			drop(all, name, t.session)
		}
		b = t.confirm(b, kind, []byte(name))
	}
	if names == nil {
		b = t.confirm(b, kind, nil)
	}
	t.wire(b)
}

// pubsub answers questions about who listens.
func pubsub(x *exec) {
	bus := &x.server.bus
	bus.mu.RLock()
	defer bus.mu.RUnlock()
	switch sub := lower(x.Arg(1)); {
	case sub == "channels" && x.Len() <= 3:
		var found []string
		for name := range bus.channels {
			if x.Len() == 2 || match(x.Arg(2), name) {
				found = append(found, name)
			}
		}
		x.wire(appendStrings(nil, found))
	case sub == "numsub":
		b := resp.AppendArray(nil, 2*(x.Len()-2))
		for i := 2; i < x.Len(); i++ {
			b = resp.AppendInt(resp.AppendBulk(b, x.Arg(i)), int64(len(bus.channels[string(x.Arg(i))])))
		}
		x.wire(b)
	case sub == "numpat" && x.Len() == 2:
		x.integer(int64(len(bus.patterns)))
	default:
		x.unknownSubcommand()
	}
}
