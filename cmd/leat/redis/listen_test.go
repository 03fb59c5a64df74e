//go:build unix

package redis

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Confirmations come through a tunnel, and yet have their place among the answers.
func TestWhatIsSentBehindASubscriptionIsAnsweredBehindIt(t *testing.T) {
	calls := []string{
		"SET k v", "SUBSCRIBE a b c", "PING", "PING x", "GET k", "PSUBSCRIBE p*", "PING", "UNSUBSCRIBE a", "PING", "UNSUBSCRIBE", "PING y", "PUNSUBSCRIBE", "GET k", "PING", "SUBSCRIBE d d",
		"SSUBSCRIBE s", "PING", "SUNSUBSCRIBE", "UNSUBSCRIBE d", "INCR n", "PING z",
	}
	var b []byte
	for _, call := range calls {
		b = resp.AppendCommand(b, strings.Fields(call)...)
	}
	for name, source := range map[string][]tcp.Option{"reactor": nil, "goroutines": {tcp.Goroutines()}} {
		for _, version := range []string{"2", "3"} {
			t.Run(name+version, func(t *testing.T) {
				r := three(t, options{source: source})
				alone := redisServer(t)
				for range 20 {
					ours, theirs := dial(t, "tcp", r.address), dial(t, "unix", alone)
					for _, c := range []*peer{ours, theirs} {
						c.do("HELLO " + version)
						c.do("DEL n")
						c.write(append(b, b...))
					}
					// Some have a reply for each name. The names that UNSUBSCRIBE leaves by itself have no order.
					const more = 4
					for i := range 2 * (len(calls) + more) {
						if got, want := ours.reply(), theirs.reply(); got != want && !(strings.Contains(got, "unsubscribe") && strings.Contains(want, "unsubscribe")) {
							t.Fatalf("reply %d: got %q, want %q", i, got, want)
						}
					}
					ours.Close()
				}
			})
		}
	}
}

// pidOf is the process of a server.
func pidOf(t *testing.T, socket string) int {
	t.Helper()
	for line := range strings.SplitSeq(dial(t, "unix", socket).do("INFO server"), "\r\n") {
		if text, ok := strings.CutPrefix(line, "process_id:"); ok {
			pid, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("the server does not say which process it is")
	return 0
}

// A subscriber that asks whether anybody is there must not be answered by the proxy alone.
func TestAPingOfASubscriberFindsOutThatItsServerHangs(t *testing.T) {
	for _, version := range []string{"2", "3"} {
		socket := redisServer(t)
		r := run(t, shardsOf(socket), options{timeout: 300 * time.Millisecond})
		c := dial(t, "tcp", r.address)
		c.do("HELLO " + version)
		c.do("SUBSCRIBE ch")
		pong := c.do("PING")
		if want := map[string]string{"2": "*2 $4 pong $0 ", "3": "+PONG"}[version]; pong != want {
			t.Errorf("got %q, want %q", pong, want)
		}
		server, err := os.FindProcess(pidOf(t, socket))
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		got := c.do("PING")
		if err := server.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got, "-ERR proxy: ") || !strings.Contains(got, "no reply within") {
			t.Errorf("got %q", got)
		}
		if got, err := readReply(c.r); err == nil {
			t.Errorf("the subscriber was not closed, and got %q", got)
		}
	}
}

// Nobody may go on listening where nothing is published any more.
func TestSubscribersAreDisconnectedWhenTheChannelsMove(t *testing.T) {
	shards := shardsOf(redisServer(t), redisServer(t))
	r := run(t, shards, options{})
	keys := Keys{Hash: "fnv1a_64", Distribution: "ketama", Tag: "{}"}
	apply := func(shards []Shard, channels string, want int) {
		t.Helper()
		routing, err := NewRouting(shards, keys, channels)
		if err != nil {
			t.Fatal(err)
		}
		if moved := r.Apply(Config{Routing: routing, Databases: 16}); moved != want {
			t.Errorf("%d subscribers were disconnected, want %d", moved, want)
		}
	}
	listening, left, other := dial(t, "tcp", r.address), dial(t, "tcp", r.address), dial(t, "tcp", r.address)
	says(t, listening, "SUBSCRIBE ch", "*3 $9 subscribe $2 ch :1")
	says(t, left, "SUBSCRIBE ch", "*3 $9 subscribe $2 ch :1", "UNSUBSCRIBE ch", "*3 $11 unsubscribe $2 ch :0")
	says(t, other, "SET k v", "+OK")
	apply(shards, "s0", 0)
	says(t, other, "PUBLISH ch stays", ":1")
	if got := listening.reply(); got != "*3 $7 message $2 ch $5 stays" {
		t.Errorf("got %q", got)
	}
	apply(shards, "s1", 2)
	for _, c := range []*peer{listening, left} {
		if got, err := readReply(c.r); err == nil {
			t.Errorf("got %q instead of the end", got)
		}
	}
	again := dial(t, "tcp", r.address)
	says(t, again, "SUBSCRIBE ch", "*3 $9 subscribe $2 ch :1")
	says(t, other, "GET k", "$1 v", "PUBLISH ch moved", ":1")
	if got := again.reply(); got != "*3 $7 message $2 ch $5 moved" {
		t.Errorf("got %q", got)
	}
	if got := other.do("INFO proxy"); !strings.Contains(got, "subscribers:1\r\nsubscribers_moved:2\r\n") {
		t.Errorf("got %q", got)
	}
	// The same name may stand for another server.
	renamed := slices.Clone(shards)
	renamed[1].Address = shards[0].Address
	apply(renamed, "s1", 1)
	if got, err := readReply(again.r); err == nil {
		t.Errorf("got %q instead of the end", got)
	}
}

// One who subscribes while the channels move is either disconnected, or has subscribed at the right server.
func TestOneWhoSubscribesWhileTheChannelsMoveIsNotForgotten(t *testing.T) {
	a, b := Server{Name: "a", Address: "a:1"}, Server{Name: "b", Address: "b:1"}
	s := subscribers{at: a, conns: map[*stage.Conn]struct{}{}}
	c := &deaf{}
	c.Init(c, &stage.Terms{Limits: stage.DefaultLimits})
	if n := s.move(b); n != 0 {
		t.Errorf("%d were disconnected", n)
	}
	s.join(&c.Conn, a)
	if now, moved := s.count(); now != 0 || moved != 1 || stage.LabelOf(c.Reason()) != "channels moved" {
		t.Errorf("%d subscribers, %d moved, closed because of %v", now, moved, c.Reason())
	}
	if text := c.Reason().Error(); text != "the channels have moved from a:1 to b:1: subscribe again" {
		t.Errorf("got %q", text)
	}
}

// Whoever guesses the form of what settles a subscription cannot settle that of another.
func TestOnlyTheMarkSettlesASubscription(t *testing.T) {
	p := &part{join: &join{mark: newMark()}}
	array := func(words ...string) string {
		b := resp.AppendArray(nil, len(words))
		for _, w := range words {
			b = resp.AppendBulkString(b, w)
		}
		return string(b)
	}
	mark := string(p.join.mark)
	for raw, want := range map[string]bool{
		array("pong", mark): true, string(resp.AppendBulk(nil, p.join.mark)): true,
		array("pong", ""): false, array("pong", mark[:len(mark)-1]+"x"): false, array("message", mark): false, array("message", "pong", mark): false, array("pong", mark, "x"): false, array("pong"): false,
		array(mark, "pong"): false, array(): false, "+PONG\r\n": false, ":1\r\n": false, "*-1\r\n": false, "$-1\r\n": false, "-ERR x\r\n": false, "_\r\n": false,
	} {
		if got := Settles(&Reply{Message: resp.Message{Raw: []byte(raw)}}, p); got != want {
			t.Errorf("%q: %v", raw, got)
		}
	}
	if Settles(&Reply{Message: resp.Message{Raw: []byte("$0\r\n\r\n")}}, nil) {
		t.Error("a request without a note was settled")
	}
	if string(newMark()) == mark {
		t.Error("two marks are one")
	}
}
