package count

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/cmd/leat/packettest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func datagram(i int) packettest.Datagram {
	return packettest.Datagram{Peer: packettest.Peer(i), Data: strings.Repeat("x", i%50)}
}

func TestCounterIsAStage(t *testing.T) {
	stagetest.Run(t, stagetest.Stage[udp.Packet, Summary]{
		Make: New(Config{Top: 5, Counters: MinCounters * 4}).counter,
		Fill: func(i int, p *udp.Packet) { datagram(i % 37).Fill(p) },
		Key:  Key,
		Show: func(s *Summary) string {
			text := fmt.Sprintf("%d: %d packets, %d bytes, %.0f flows", s.part, s.packets, s.bytes, s.flows)
			for _, f := range s.top { // but for its times
				text += fmt.Sprintf("; %v %d-%d, %d bytes", f.Peer, f.Packets, f.Error, f.Bytes)
			}
			return text
		},
		AnyOrder: true,
	})
}

func TestReporterIsAStage(t *testing.T) {
	stagetest.Run(t, stagetest.Stage[Summary, lines.Text]{
		Make: New(Config{Top: 5, JSON: true}).reporter,
		Fill: func(i int, s *Summary) {
			s.part, s.packets, s.bytes, s.flows = uint8(i), uint64(i), uint64(10*i), 1
			s.top = []Flow{{Peer: packettest.Peer(i), Local: packettest.Local, Packets: uint64(i), Bytes: uint64(10 * i), First: 1, Last: 2}}
		},
		Show: func(t *lines.Text) string {
			var r reportJSON
			if err := json.Unmarshal(t.Bytes, &r); err != nil {
				return err.Error()
			}
			r.At = time.Time{}
			return fmt.Sprint(r)
		},
	})
}

// serve declares the whole assembly, with or without workers.
func serve(cfg Config, src *packettest.Source, workers int, mk queue.Maker[udp.Packet], out *bytes.Buffer) *pipeline.Pipeline {
	p := pipeline.New("count")
	f := p.From(src)
	if workers > 0 {
		f = f.Shard("by flow", workers, Key, mk)
	}
	New(cfg).Serve(f, lines.NewWriter("a buffer", out).Sink)
	return p
}

func reports(t *testing.T, out *bytes.Buffer) (all []reportJSON) {
	t.Helper()
	for line := range strings.Lines(out.String()) {
		var r reportJSON
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// However many lanes work, behind whatever queue, also when their number changes: the counts are the same.
func TestCountsDoNotDependOnLanesAndQueues(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.2, 1, 999)
	packets, exact := []packettest.Datagram{}, map[string]uint64{}
	bytesSent := uint64(0)
	for range 20_000 {
		d := datagram(int(zipf.Uint64()))
		packets = append(packets, d)
		exact[d.Peer.String()]++
		bytesSent += uint64(len(d.Data))
	}
	type assembly struct {
		workers, lanes int
		queue          queue.Maker[udp.Packet]
		resize         bool
	}
	for name, a := range map[string]assembly{
		"fused":               {0, 1, nil, false},
		"one worker, chan":    {1, 1, queue.Chan[udp.Packet], false},
		"four workers, ring":  {4, 1, queue.Ring[udp.Packet], false},
		"three, block":        {3, 2, queue.Blocks[udp.Packet], false},
		"two, workiva":        {2, 2, queue.Workiva[udp.Packet], false},
		"resized, ring":       {2, 1, queue.Ring[udp.Packet], true},
		"resized, two, chan ": {3, 2, queue.Chan[udp.Packet], true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			src := packettest.New(a.lanes)
			p := serve(Config{Top: 20, Counters: 1 << 14, JSON: true}, src, a.workers, a.queue, &out)
			err := packettest.Run(p, func() {
				for i := 0; i < len(packets); i += 50 {
					src.Send(i/50%a.lanes, packets[i:i+50]...)
					if a.resize && i%2500 == 0 {
						if err := p.Resize(t.Context(), "by flow", 1+i/2500%5); err != nil {
							t.Error(err)
						}
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			all := reports(t, &out)
			if len(all) != 1 {
				t.Fatalf("%d reports: %s", len(all), out.String())
			}
			r := all[0]
			if r.Packets != uint64(len(packets)) || r.Bytes != bytesSent || r.Flows != uint64(len(exact)) || !r.Final || len(r.Top) != 20 {
				t.Errorf("%d packets, %d bytes, %d flows, final %v, top %d; want %d, %d, %d", r.Packets, r.Bytes, r.Flows, r.Final, len(r.Top), len(packets), bytesSent, len(exact))
			}
			for _, f := range r.Top {
				if f.Packets != exact[f.Peer] || f.Error != 0 || f.First.IsZero() || f.Last.Before(f.First) {
					t.Errorf("%+v, want %d packets", f, exact[f.Peer])
				}
			}
		})
	}
}

// A flood of senders takes over the small counters and nothing else: memory is bounded, and the large flows are found.
func TestAMillionSpoofedPeersTakeNoMoreThanTheCounters(t *testing.T) {
	const counters, heavy = 1 << 12, 10
	rig := stagetest.NewRig(New(Config{Top: heavy, Counters: counters}).counter)
	push := func(ds ...packettest.Datagram) {
		var batch []*udp.Packet
		for _, d := range ds {
			p := rig.New()
			d.Fill(p)
			batch = append(batch, p)
		}
		if _, err := rig.Push(batch...); err != nil {
			t.Fatal(err)
		}
		rig.End()
	}
	n := 0
	for i := range 1_000_000 / 50 {
		var batch []packettest.Datagram
		for j := range 50 {
			batch = append(batch, packettest.Datagram{Peer: packettest.Peer(1000 + 50*i + j)})
		}
		batch = append(batch, packettest.Datagram{Peer: packettest.Peer(i % heavy)})
		push(batch...)
		n += len(batch)
	}
	c := rig.Stage.(*counter)
	taken, flows := 0, 0.
	for _, p := range c.parts {
		if got := p.flows.Len(); got > counters/stage.Partitions {
			t.Fatalf("a partition has %d counters", got)
		}
		taken += p.flows.Len()
		flows += p.estimate()
	}
	if taken > counters || math.Abs(flows-1_000_010) > .01*1_000_010 {
		t.Errorf("%d counters are taken; of 1 000 010 flows it finds %.0f", taken, flows)
	}
	var top []Flow
	for _, s := range rig.Flush() {
		top = append(top, s.top...)
		if most := s.packets/(counters/stage.Partitions) + 1; slices.ContainsFunc(s.top, func(f Flow) bool { return f.Error > most }) {
			t.Errorf("an error in %+v is above its bound of %d", s.top, most)
		}
	}
	top = best(top, heavy)
	slices.SortFunc(top, func(a, b Flow) int { return cmp.Compare(a.Peer.Addr().As4()[3], b.Peer.Addr().As4()[3]) })
	for i, f := range top {
		if f.Peer != packettest.Peer(i) || f.Packets < 2000 || f.Packets-f.Error > 2000 {
			t.Errorf("%+v is not flow %d with 2000 packets", f, i)
		}
	}
}

func TestReportsComeAtWholeMultiplesOfTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		src := packettest.New(1)
		time.Sleep(300 * time.Millisecond)
		began := time.Now()
		p := serve(Config{Top: 3, Counters: MinCounters, Every: time.Second, JSON: true}, src, 2, queue.Chan, &out)
		err := packettest.Run(p, func() {
			for i := range 25 { // for 2.5 s
				src.Send(0, datagram(i), datagram(i))
				time.Sleep(100 * time.Millisecond)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		all := reports(t, &out)
		if len(all) != 3 {
			t.Fatalf("%d reports: %s", len(all), out.String())
		}
		for i, want := range []reportJSON{{Packets: 14, Final: false}, {Packets: 34, Rate: 20}, {Packets: 50, Final: true}} {
			got := all[i]
			at := began.Truncate(time.Second).Add(time.Duration(i+1) * time.Second)
			if got.Packets != want.Packets || got.Final != want.Final || !want.Final && (!got.At.Equal(at) || got.Rate != want.Rate) {
				t.Errorf("report %d is %+v, want %+v at %v", i, got, want, at)
			}
		}
	})
}

func TestATextReportIsATable(t *testing.T) {
	r := Report{
		At: time.Unix(0, 0), Packets: 1234567, Bytes: 5e6, Flows: 2, Rate: 10,
		Top: []Flow{{Peer: packettest.Peer(1), Local: packettest.Local, Packets: 20, Error: 3, Bytes: 100, First: 1e9, Last: 2e9}},
	}
	want := `1970-01-01T00:00:00.000Z so far: 1 234 567 packets, 5.0 MB, 2 flows, 10 packets/s
  packets  at least  bytes         first          last  flow
       20        17    100  00:00:01.000  00:00:02.000  10.0.0.1:4000 > 192.0.2.1:9000
`
	if got := string(r.appendText(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// cycle counts 64 packets, each of the next of so many flows.
func cycle(flows int) func() {
	rig := stagetest.NewRig(New(Config{Counters: MinCounters * 16}).counter)
	batch, n := make([]*udp.Packet, 64), 0
	return func() {
		for i := range batch {
			n++
			p := rig.New()
			p.Peer = packettest.Peer(n % flows)
			p.SetLocal(packettest.Local)
			p.Hash = udp.FlowHash(p.Peer, packettest.Local)
			batch[i] = p
		}
		if _, err := rig.Push(batch...); err != nil {
			panic(err)
		}
		rig.End()
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	stagetest.Allocs(t, 0, cycle(100_000))
}

func BenchmarkCount(b *testing.B) {
	stagetest.Bench(b, New(Config{Counters: DefaultCounters}).counter, func(i int, p *udp.Packet) {
		packettest.Datagram{Peer: packettest.Peer(i), Data: "sixteen bytes ok"}.Fill(p)
	})
}

// One op is 64 packets, with the making of them. Of a million flows that come in turn each takes a counter from another.
func BenchmarkFlood(b *testing.B) {
	for name, flows := range map[string]int{"64 flows": 64, "a million flows": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			f := cycle(flows)
			for range 1000 {
				f()
			}
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/packet")
		})
	}
}
