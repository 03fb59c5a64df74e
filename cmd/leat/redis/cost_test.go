package redis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// deaf is a connection that remembers nothing of what is written to it.
type deaf struct{ stage.Conn }

func (*deaf) Write(b []byte) (int, error) { return len(b), nil }
func (*deaf) Want(_, _ bool)              {}
func (*deaf) Shut(error)                  {}
func (*deaf) Peer() string                { return "nobody" }

// steady is a cycle in which one read with commands is decoded, routed, split and encoded for its servers.
func steady(t testing.TB, shards int, commands ...string) func() {
	routing, err := NewRouting(shardsOf(strings.Split("abcdefghijkl", "")[:shards]...), Keys{Hash: "xxhash", Distribution: "maglev", Tag: "{}"}, "")
	if err != nil {
		t.Fatal(err)
	}
	p := New(Config{Routing: routing, Databases: 16}, func(*stage.Conn) {})
	limits := resp.Request(resp.Limits{})
	whole := stage.Then(codec.Decode(p.incoming(resp.Limits{}), codec.Alone(alone)), stage.Then(p.session, splitter))
	rig := stagetest.NewRig(whole)
	terms := &stage.Terms{Limits: stage.DefaultLimits}
	terms.Now.Store(1)
	c := &deaf{}
	c.Init(c, terms)
	var b []byte
	for _, cmd := range commands {
		b = resp.AppendCommand(b, strings.Fields(cmd)...)
	}
	read, batch, out := string(b), make([]*stage.Segment, 1), make([]byte, 0, 64<<10)
	return func() {
		batch[0] = rig.New()
		stagetest.Read(rig.Lane.Lane, batch[0], &c.Conn, read)
		requests, err := rig.Push(batch...)
		if err != nil {
			panic(err)
		}
		for _, r := range requests {
			route(r)
			note(r)
			if out, err = (outgoing{limits}).Append(out[:0], r); err != nil {
				panic(err)
			}
		}
		rig.End()
	}
}

func many(n int, command string) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf(command, i))
	}
	return all
}

func TestRoutingAllocatesNothing(t *testing.T) {
	for _, c := range []struct {
		command string
		most    float64 // of 16
	}{
		{"GET key:%d", 0}, {"SET key:%d value", 0}, {"ZRANGEBYSCORE key:%d 1 2", 0}, {"ZUNION 2 {a}%[1]d {a}x%[1]d", 0}, {"PING %[1]d", 0}, {"INCR {user}%d", 0},
		{"MGET {a}%[1]d {a}x%[1]d", 0},
		{"MGET %[1]da %[1]db %[1]dc %[1]dd %[1]de %[1]df %[1]dg %[1]dh", 16 * 5}, // the join, its parts, order and memory, and the flat of the split
	} {
		t.Run(c.command, func(t *testing.T) { stagetest.Allocs(t, c.most, steady(t, 8, many(16, c.command)...)) })
	}
}

// One op is a read with commands: one, or a pipeline of sixteen.
func BenchmarkRequests(b *testing.B) {
	for _, shards := range []int{1, 4} {
		for _, n := range []int{1, 16} {
			for _, command := range []string{"GET key:%012d", "SET key:%012d xxx", "MGET %[1]da %[1]db %[1]dc %[1]dd"} {
				b.Run(fmt.Sprintf("%s/shards=%d/pipeline=%d", strings.Fields(command)[0], shards, n), func(b *testing.B) {
					f := steady(b, shards, many(n, command)...)
					b.ReportAllocs()
					for b.Loop() {
						f()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/command")
				})
			}
		}
	}
}
