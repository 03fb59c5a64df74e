package resp_test

import (
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
)

// redisSends returns the replies to one request, pushes among them, on a connection that speaks the version.
func redisSends(t *testing.T, socket string, version resp.Version, args ...string) []resp.Message {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	b := resp.AppendCommand(nil, "HELLO", string('0'+byte(version)))
	b = resp.AppendCommand(b, args...)
	b = resp.AppendCommand(b, "ECHO", "the end")
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	var all []resp.Message
	feed := codectest.NewFeed(resp.Reply(resp.Limits{}), 1<<30)
	for buf := make([]byte, 4096); len(all) == 0 || string(all[len(all)-1].Value().Str()) != "the end"; {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if err := feed.Push(buf[:n], func(wire []byte, _ *resp.Message) {
			all = append(all, resp.Message{Raw: append([]byte(nil), wire...)})
		}); err != nil {
			t.Fatalf("%q of RESP%d: %v", args, version, err)
		}
	}
	return all[1 : len(all)-1]
}

// DEBUG PROTOCOL of redis sends a value of each type. What it sends in each version is what is appended here for it, but for
// digits: redis 7.0 sends more of a double than it takes.
func TestEachTypeIsSentAsByRedis(t *testing.T) {
	socket := redistest.Unix(t, "--enable-debug-command", "yes").Address
	number, _ := new(big.Int).SetString("1234567999999999999999999999999999999", 10)
	ints := func(b []byte) []byte { return append(b, ":0\r\n:1\r\n:2\r\n"...) }
	for name, appended := range map[string]func(resp.Version, []byte) []byte{
		"string":  func(_ resp.Version, b []byte) []byte { return resp.AppendBulkString(b, "Hello World") },
		"integer": func(_ resp.Version, b []byte) []byte { return resp.AppendInt(b, 12345) },
		"double":  func(v resp.Version, b []byte) []byte { return v.AppendDouble(b, 3.141) },
		"bignum":  func(v resp.Version, b []byte) []byte { return v.AppendBigNumber(b, number) },
		"null":    resp.Version.AppendNull,
		"array":   func(_ resp.Version, b []byte) []byte { return ints(resp.AppendArray(b, 3)) },
		"set":     func(v resp.Version, b []byte) []byte { return ints(v.AppendSet(b, 3)) },
		"true":    func(v resp.Version, b []byte) []byte { return v.AppendBool(b, true) },
		"false":   func(v resp.Version, b []byte) []byte { return v.AppendBool(b, false) },
		"verbatim": func(v resp.Version, b []byte) []byte {
			return v.AppendVerbatim(b, "txt", []byte("This is a verbatim\nstring"))
		},
		"map": func(v resp.Version, b []byte) []byte {
			b = v.AppendMap(b, 3)
			for i := range int64(3) {
				b = v.AppendBool(resp.AppendInt(b, i), i == 1)
			}
			return b
		},
	} {
		for _, version := range []resp.Version{resp.RESP2, resp.RESP3} {
			got := redisSends(t, socket, version, "DEBUG", "PROTOCOL", name)
			if len(got) != 1 {
				t.Fatalf("%s: redis sends %d replies", name, len(got))
			}
			want := string(appended(version, nil))
			if is := string(got[0].Raw); is != want && !(name == "double" && sameDouble(t, is, want)) {
				t.Errorf("RESP%d: redis sends a %s as %q, and %q is appended", version, name, is, want)
			}
		}
	}
}

func sameDouble(t *testing.T, a, b string) bool {
	f, ok := valueOf(t, a).Float()
	g, ok2 := valueOf(t, b).Float()
	return ok && ok2 && f == g && a[0] == b[0]
}

func TestAttributesAndPushesOfRedisAreUnderstood(t *testing.T) {
	socket := redistest.Unix(t, "--enable-debug-command", "yes").Address
	got := redisSends(t, socket, resp.RESP3, "DEBUG", "PROTOCOL", "attrib")
	if want := `{$"key-popularity": *2[$"key:123" 90]}$"Some real reply following the attribute"`; len(got) != 1 || shown(got[0].Value()) != want {
		t.Errorf("got %d replies, the first %s, want %s", len(got), shown(got[0].Value()), want)
	}
	got = redisSends(t, socket, resp.RESP3, "DEBUG", "PROTOCOL", "push")
	if len(got) != 2 || !got[0].Push() || got[1].Push() || shown(got[0].Value()) != `>2[$"server-cpu-usage" 42]` {
		t.Errorf("got %d replies, the first %s, want a push and a reply", len(got), shown(got[0].Value()))
	}
}

// The largest replies that redis makes of nothing nest far less than the default limit allows.
func TestTheRepliesOfRedisNestLessThanTheLimit(t *testing.T) {
	socket := redistest.Unix(t).Address
	for _, args := range []string{"COMMAND", "COMMAND DOCS", "INFO everything", "CONFIG GET *", "LATENCY DOCTOR", "MEMORY STATS"} {
		for _, version := range []resp.Version{resp.RESP2, resp.RESP3} {
			for _, m := range redisSends(t, socket, version, strings.Fields(args)...) {
				depth := depthOf(m.Value())
				t.Logf("RESP%d: %s has %d bytes, %d deep", version, args, len(m.Raw), depth)
				if depth > 16 {
					t.Errorf("RESP%d: %s nests %d deep; a limit of 32 is no longer generous", version, args, depth)
				}
			}
		}
	}
}

func depthOf(v resp.Value) (depth int) {
	for e := range v.Elements() {
		depth = max(depth, 1+depthOf(e))
	}
	return depth
}
