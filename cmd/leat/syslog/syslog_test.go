package syslog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/cmd/leat/packettest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

var received = time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)

// parse reads one datagram that was received at New Year, and returns what is written of it.
func parse(t testing.TB, cfg Config, data string, flags udp.Flags) (m Message, written bool) {
	t.Helper()
	s := New(cfg)
	rig := stagetest.NewRig(s.parser)
	p := rig.New()
	packettest.Datagram{Peer: packettest.Peer(1), Data: data}.Fill(p)
	p.Received, p.Flags = received.UnixNano(), flags
	out, err := rig.Push(p)
	if err != nil {
		t.Fatal(err)
	}
	defer rig.End()
	if reported := rig.Lane.Reported(); len(reported) > 0 {
		t.Fatalf("%q: %v", data, reported)
	}
	if len(out) == 0 {
		return m, false
	}
	if b := out[0].Bytes; len(out) != 1 || bytes.IndexByte(b, '\n') != len(b)-1 {
		t.Fatalf("%q is not one line", out[0].Bytes)
	}
	if err := json.Unmarshal(out[0].Bytes, &m); err != nil {
		t.Fatalf("%v: %s", err, out[0].Bytes)
	}
	if (m.Error != "") != (s.malformed.Load() > 0) {
		t.Errorf("%q: error %q, %d malformed", data, m.Error, s.malformed.Load())
	}
	return m, true
}

func at(s string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return &t
}

func TestBothFormatsAreRead(t *testing.T) {
	for data, want := range map[string]Message{
		// Examples of RFC 5424 (6.5) and RFC 3164 (5.4).
		"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' failed for lonvick on /dev/pts/8": {
			Format: RFC5424, Facility: "auth", Severity: "critical", Timestamp: at("2003-10-11T22:14:15.003Z"), Host: "mymachine.example.com",
			App: "su", MsgID: "ID47", Message: "'su root' failed for lonvick on /dev/pts/8",
		},
		`<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application"] An event`: {
			Format: RFC5424, Facility: "local4", Severity: "notice", Timestamp: at("2003-10-11T22:14:15.003Z"), Host: "mymachine.example.com",
			App: "evntslog", MsgID: "ID47", Data: map[string]map[string]string{"exampleSDID@32473": {"iut": "3", "eventSource": "Application"}}, Message: "An event",
		},
		"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\n": {
			Format: RFC3164, Facility: "auth", Severity: "critical", Timestamp: at("2025-10-11T22:14:15Z"), Host: "mymachine", App: "su",
			Message: "'su root' failed for lonvick on /dev/pts/8",
		},
		"<13>Dec 31 23:59:59 web nginx[77]: two\nlines": { // the year before
			Format: RFC3164, Facility: "user", Severity: "notice", Timestamp: at("2025-12-31T23:59:59Z"), Host: "web", App: "nginx", ProcID: "77", Message: "two\nlines",
		},
		"<13>Jan  1 00:00:09 web app: from a clock ahead": {
			Format: RFC3164, Facility: "user", Severity: "notice", Timestamp: at("2026-01-01T00:00:09Z"), Host: "web", App: "app", Message: "from a clock ahead",
		},
	} {
		want.Received, want.Peer = received, packettest.Peer(1).String()
		got, written := parse(t, Config{}, data, 0)
		if !written || fmt.Sprint(show(got)) != fmt.Sprint(show(want)) {
			t.Errorf("%q:\n got %s\nwant %s", data, show(got), show(want))
		}
	}
}

func show(m Message) string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// What is not well-formed is counted; with the best effort it is written with what there is.
func TestMalformedMessagesAreCountedAndWrittenWithTheBestEffort(t *testing.T) {
	for data, want := range map[string]Message{
		"no priority at all":         {Format: RFC3164, Facility: "user", Severity: "notice", Message: "no priority at all"},
		"":                           {Format: RFC3164, Facility: "user", Severity: "notice"},
		"<999>1 - - - - - - too far": {Format: RFC3164, Facility: "user", Severity: "notice", Message: "<999>1 - - - - - - too far"},
		"<34>1 2003-10-11T22:14:15.003Z host app": {
			Format: RFC5424, Facility: "auth", Severity: "critical", Timestamp: at("2003-10-11T22:14:15.003Z"), Host: "host",
		},
	} {
		got, written := parse(t, Config{BestEffort: true}, data, 0)
		if !written || got.Error == "" {
			t.Errorf("%q: written %v, error %q", data, written, got.Error)
		}
		got.Error, want.Received, want.Peer = "", received, packettest.Peer(1).String()
		if show(got) != show(want) {
			t.Errorf("%q:\n got %s\nwant %s", data, show(got), show(want))
		}
		if _, written := parse(t, Config{}, data, 0); written {
			t.Errorf("%q is written without the best effort", data)
		}
	}
}

func TestATruncatedMessageSaysSo(t *testing.T) {
	if m, _ := parse(t, Config{}, "<13>1 - - - - - - cut", udp.Truncated); !m.Truncated {
		t.Errorf("%+v", m)
	}
}

func TestParserIsAStage(t *testing.T) {
	stagetest.Run(t, stagetest.Stage[udp.Packet, lines.Text]{
		Make: New(Config{BestEffort: true}).parser,
		Fill: func(i int, p *udp.Packet) {
			text := []string{"<34>1 - h a - - - new %d", "<34>Oct 11 22:14:15 h a: old %d", "bad %d"}[i%3]
			packettest.Datagram{Peer: packettest.Peer(i % 5), Data: fmt.Sprintf(text, i)}.Fill(p)
			p.Received = received.UnixNano()
		},
	})
}

// Lines of a peer keep their order, and none is lost, whatever lanes and queues there are.
func TestMessagesDoNotDependOnLanesAndQueues(t *testing.T) {
	for name, a := range map[string]struct {
		workers int
		queue   queue.Maker[udp.Packet]
	}{
		"fused": {0, nil}, "one, chan": {1, queue.Chan[udp.Packet]}, "three, ring": {3, queue.Ring[udp.Packet]}, "two, block": {2, queue.Blocks[udp.Packet]},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			src := packettest.New(1)
			p := pipeline.New("syslog")
			f := p.From(src)
			if a.workers > 0 {
				f = f.Shard("by peer", a.workers, udp.ByPeer, a.queue)
			}
			New(Config{}).Serve(f, lines.NewWriter("a buffer", &out).Sink)
			const each, peers = 200, 7
			err := packettest.Run(p, func() {
				for i := range each {
					var batch []packettest.Datagram
					for j := range peers {
						batch = append(batch, packettest.Datagram{Peer: packettest.Peer(j), Data: fmt.Sprintf("<13>1 - - - - - - %d", i)})
					}
					src.Send(0, batch...)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			next := map[string]int{}
			for line := range strings.Lines(out.String()) {
				var m Message
				if err := json.Unmarshal([]byte(line), &m); err != nil {
					t.Fatal(err)
				}
				if m.Message != fmt.Sprint(next[m.Peer]) {
					t.Fatalf("%s says %s, want %d", m.Peer, m.Message, next[m.Peer])
				}
				next[m.Peer]++
			}
			if len(next) != peers || next[packettest.Peer(0).String()] != each {
				t.Errorf("%v", next)
			}
		})
	}
}

// FuzzRead feeds whatever comes: every datagram becomes one line of JSON at most, and nothing panics.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"<34>1 2003-10-11T22:14:15.003Z h su - ID47 [a@1 b=\"c\\\"\"] m", "<34>Oct 11 22:14:15 h su: m", "<", "<0>", "<191>1 ", "<13>2026-01-01T00:00:00Z h a: m", "\x00\xff\n", "",
		"<13>Feb 29 00:00:00 h a[1]: m", "<189>29: foo: %LINK-3-UPDOWN: x",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, written := parse(t, Config{BestEffort: true}, string(b), 0); !written {
			t.Fatalf("%q is not written", b)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for name, text := range map[string]string{
		"RFC 5424": `<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3"] An application event`,
		"RFC 3164": "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
	} {
		b.Run(name, func(b *testing.B) {
			stagetest.Bench(b, New(Config{}).parser, func(_ int, p *udp.Packet) { packettest.Datagram{Peer: packettest.Peer(1), Data: text}.Fill(p) })
		})
	}
}

var _ stage.Maker[udp.Packet, lines.Text] = new(Server).parser
