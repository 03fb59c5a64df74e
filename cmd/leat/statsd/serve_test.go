package statsd

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
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

var config = Config{Every: time.Second, MaxSeries: 1000, Forget: 3 * time.Second, Quantiles: []float64{.5, .999}}

func TestParserIsAStage(t *testing.T) {
	stagetest.Run(t, stagetest.Stage[udp.Packet, Sample]{
		Make: New(config).parser,
		Fill: func(i int, p *udp.Packet) {
			packettest.Datagram{Peer: packettest.Peer(i), Data: fmt.Sprintf("a:%d|c\nnonsense\n\nb:%d|g|#x:y", i, i)}.Fill(p)
		},
	})
}

func TestAggregatorIsAStage(t *testing.T) {
	cfg := config
	cfg.Every = 1e6 * time.Hour // the suite's clock runs ahead, by an hour between two batches: what comes out is that of Flush alone
	stagetest.Run(t, stagetest.Stage[Sample, lines.Text]{
		Make: func(l *stage.Lane) stage.Stage[Sample, lines.Text] {
			return &eachLine{New(cfg).aggregator(l).(*aggregator)}
		},
		Fill: func(i int, s *Sample) {
			line := []string{"c%d:%d|c", "g%d:%d|g", "t%d:%d|ms", "s%d:%d|s"}[i%4]
			if _, err := (Decoder{}).Decode(fmt.Appendf(nil, line, i%40/4, i), s); err != nil {
				t.Error(err)
			}
		},
		Key: Key,
		Show: func(t *lines.Text) string {
			words := strings.Fields(string(t.Bytes))
			if strings.HasSuffix(words[0], ".rate") {
				return words[0] // how long the flush is behind the first sample is chance
			}
			return words[0] + " " + words[1]
		},
		AnyOrder: true,
	})
}

// eachLine makes a message of each line, so that the suite can compare them in any order.
type eachLine struct{ *aggregator }

func (e *eachLine) Flush(dst []*lines.Text) []*lines.Text {
	for _, t := range e.aggregator.Flush(nil) {
		for line := range bytes.Lines(t.Bytes) {
			one := e.arena.New()
			one.SetSlab(t.Slab())
			one.Bytes = line
			dst = append(dst, one)
		}
	}
	return dst
}

// serve declares the whole assembly.
func serve(s *Server, src *packettest.Source, workers int, mk queue.Maker[Sample], out *bytes.Buffer) *pipeline.Pipeline {
	p := pipeline.New("statsd")
	s.Serve(p.From(src), func(f *pipeline.Flow[Sample]) *pipeline.Flow[Sample] {
		if workers == 0 {
			return f
		}
		return f.Shard("by series", workers, Key, mk)
	}, lines.NewWriter("a buffer", out).Sink)
	return p
}

// A point is one line of Graphite's protocol.
type point struct {
	path string
	v    float64
	at   int64
}

func points(t *testing.T, out *bytes.Buffer) (all []point) {
	t.Helper()
	for line := range strings.Lines(out.String()) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(words) != 3 {
			t.Fatalf("%q is no line of Graphite's protocol", line)
		}
		v, err := strconv.ParseFloat(words[1], 64)
		at, bad := strconv.ParseInt(words[2], 10, 64)
		if err != nil || bad != nil {
			t.Fatalf("%q is no line of Graphite's protocol", line)
		}
		all = append(all, point{words[0], v, at})
	}
	return all
}

func say(src *packettest.Source, text ...string) {
	src.Send(0, packettest.Datagram{Peer: packettest.Peer(1), Data: strings.Join(text, "\n")})
}

func TestEachTypeIsAggregatedInItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		src := packettest.New(1)
		cfg := config
		cfg.Prefix = "stats."
		p := serve(New(cfg), src, 1, queue.Chan, &out)
		began := time.Now() // midnight
		err := packettest.Run(p, func() {
			time.Sleep(500 * time.Millisecond)
			say(src, "hits:1|c", "hits:2|c|@0.5", "hits:1|c|#b:2,a", "hits:1|c|#a,b:2")
			say(src, "temp:20|g", "temp:+1.5|g", "temp:-3|g", "debt:-5|g")
			say(src, "lat:1|ms", "lat:2|ms", "lat:3|ms|@0.25", "empty:x|zz")
			say(src, "users:a|s", "users:b|s", "users:a|s")
			time.Sleep(time.Second) // past the flush
			say(src, "hits:1|c")
			time.Sleep(700 * time.Millisecond) // past another, and into a third
			say(src, "late:1|c")
		})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, p := range points(t, &out) {
			got[p.path] = append(got[p.path], fmt.Sprintf("%.6g@%d", p.v, p.at-began.Unix()))
		}
		want := map[string][]string{
			"stats.hits.count": {"5@1", "1@2"}, "stats.hits.rate": {"5@1", "1@2"},
			"stats.hits.count;b=2;a=true": {"2@1"}, "stats.hits.rate;b=2;a=true": {"2@1"},
			"stats.temp": {"18.5@1", "18.5@2"}, "stats.debt": {"-5@1", "-5@2"},
			"stats.lat.count": {"6@1"}, "stats.lat.rate": {"6@1"}, "stats.lat.sum": {"15@1"}, "stats.lat.mean": {"2.5@1"},
			"stats.lat.min": {"1@1"}, "stats.lat.max": {"3@1"}, "stats.lat.p50": {"3@1"}, "stats.lat.p99_9": {"3@1"},
			"stats.users.unique": {"2@1"},
			"stats.late.count":   {"1@2"}, "stats.late.rate": {"5@2"}, // in .2 s, at the end
		}
		for path, w := range want {
			if strings.HasPrefix(path, "stats.lat.p") { // within the accuracy
				continue
			}
			if !slices.Equal(got[path], w) {
				t.Errorf("%s is %v, want %v", path, got[path], w)
			}
		}
		if len(got) != len(want) {
			t.Errorf("there are %v", slices.Sorted(maps.Keys(got)))
		}
	})
}

// However many lanes work, behind whatever queue, also when their number changes: the sums are the same.
func TestTotalsDoNotDependOnLanesAndQueues(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var datagrams []packettest.Datagram
	want := map[string]float64{}
	for range 4000 {
		var text []string
		for range 1 + rng.IntN(5) {
			n, v := rng.IntN(200), 1+rng.IntN(100)
			text = append(text, fmt.Sprintf("c%d:%d|c|#a:%d", n, v, n%3), fmt.Sprintf("t%d:%d|ms", n, v))
			want[fmt.Sprintf("c%d.count;a=%d", n, n%3)] += float64(v)
			want[fmt.Sprintf("t%d.sum", n)] += float64(v)
			want[fmt.Sprintf("t%d.count", n)]++
		}
		datagrams = append(datagrams, packettest.Datagram{Peer: packettest.Peer(rng.IntN(50)), Data: strings.Join(text, "\n")})
	}
	type assembly struct {
		workers, lanes int
		queue          queue.Maker[Sample]
		resize         bool
	}
	for name, a := range map[string]assembly{
		"fused":            {0, 1, nil, false},
		"one worker, chan": {1, 1, queue.Chan[Sample], false},
		"four, ring":       {4, 1, queue.Ring[Sample], false},
		"three, block":     {3, 2, queue.Blocks[Sample], false},
		"two, workiva":     {2, 2, queue.Workiva[Sample], false},
		"resized, ring":    {2, 2, queue.Ring[Sample], true},
		"resized, chan":    {3, 1, queue.Chan[Sample], true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			src := packettest.New(a.lanes)
			cfg := config
			cfg.Every = 20 * time.Millisecond // some flushes on the way
			s := New(cfg)
			p := serve(s, src, a.workers, a.queue, &out)
			err := packettest.Run(p, func() {
				for i := 0; i < len(datagrams); i += 10 {
					src.Send(i/10%a.lanes, datagrams[i:i+10]...)
					if a.resize && i%500 == 0 {
						if err := p.Resize(t.Context(), "by series", 1+i/500%5); err != nil {
							t.Error(err)
						}
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]float64{}
			for _, p := range points(t, &out) {
				got[p.path] += p.v
			}
			for path, sum := range want {
				if got[path] != sum {
					t.Errorf("%s is %v, want %v", path, got[path], sum)
				}
			}
			if n := s.series.Load(); n != 400 {
				t.Errorf("there are %d series", n)
			}
		})
	}
}

func TestSeriesAreBoundedAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		src := packettest.New(1)
		cfg := config
		cfg.MaxSeries = 10
		s := New(cfg)
		p := serve(s, src, 2, queue.Chan, &out)
		err := packettest.Run(p, func() {
			say(src, "n0:1|c")
			time.Sleep(100 * time.Millisecond) // the first to have room, whichever lane is quicker
			for i := range 99 {
				say(src, fmt.Sprintf("n%d:1|c", 1+i))
			}
			time.Sleep(time.Second)
			if n, refused := s.series.Load(), s.refused.Load(); n != 10 || refused != 90 {
				t.Errorf("%d series, %d samples refused", n, refused)
			}
			for range 5 { // n0 lives on
				say(src, "n0:1|c")
				time.Sleep(time.Second)
			}
			if n := s.series.Load(); n != 1 {
				t.Errorf("%d series are left", n)
			}
			for i := range 9 {
				say(src, fmt.Sprintf("new%d:1|c", i))
			}
			time.Sleep(time.Second)
			if n, refused := s.series.Load(), s.refused.Load(); n != 10 || refused != 90 {
				t.Errorf("then %d series, %d samples refused", n, refused)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestALargeSetIsEstimated(t *testing.T) {
	m := newMembers()
	for _, n := range []int{0, 1, ExactSet, ExactSet + 1, 100_000} {
		for i := range n {
			m.add(strconv.AppendInt(nil, int64(i), 10))
			m.add(strconv.AppendInt(nil, int64(i/2), 10))
		}
		if got, off := m.count(), .08*float64(n); n <= ExactSet && got != float64(n) || math.Abs(got-float64(n)) > off {
			t.Errorf("of %d it finds %v", n, got)
		}
		m.reset()
	}
}

func TestMalformedLinesAreCountedWithTheFirst(t *testing.T) {
	s := New(config)
	rig := stagetest.NewRig(s.parser)
	p := rig.New()
	packettest.Datagram{Peer: packettest.Peer(1), Data: "nonsense\na:1|c\nb:1|zz\nmore nonsense"}.Fill(p)
	out, err := rig.Push(p)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d samples, %v", len(out), err)
	}
	want := `2 no colon behind the name, 1 a type that is none of c, g, ms, h, d, s; the first: "nonsense" has no colon behind the name`
	if got := s.badLines(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	rig.End()
}

// steady is a cycle in which datagrams of known series are read and aggregated on one lane.
func steady(series int) func() {
	s := New(Config{Every: time.Second, MaxSeries: 1 << 20})
	rig := stagetest.NewRig(stage.Then(s.parser, s.aggregator))
	texts := make([][]byte, series)
	for i := range texts {
		texts[i] = fmt.Appendf(nil, "hits.%d:1|c\nlat.%d:12.5|ms|#host:a,zone:b\ntemp.%d:20|g\nusers.%d:bob|s\n", i, i, i, i)
	}
	batch, n := make([]*udp.Packet, 32), 0
	return func() {
		for i := range batch {
			n++
			batch[i] = rig.New()
			slab, b := rig.Lane.Bytes(len(texts[n%series]))
			batch[i].Data = b[:copy(b, texts[n%series])]
			batch[i].SetSlab(slab)
		}
		if _, err := rig.Push(batch...); err != nil {
			panic(err)
		}
		rig.End()
	}
}

func TestSamplesOfKnownSeriesAllocateNothing(t *testing.T) {
	cycle := steady(50)
	stagetest.Allocs(t, 0, cycle)
}

// One op is 32 datagrams with four samples each.
func BenchmarkServe(b *testing.B) {
	for _, series := range []int{4, 40_000} {
		b.Run(fmt.Sprint(series, " series"), func(b *testing.B) {
			cycle := steady(series / 4)
			for range series {
				cycle()
			}
			b.ReportAllocs()
			for b.Loop() {
				cycle()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/128, "ns/sample")
		})
	}
}
