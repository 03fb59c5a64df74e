package kv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// deaf is a connection that remembers nothing of what is written to it.
type deaf struct{ stage.Conn }

func (*deaf) Write(b []byte) (int, error) { return len(b), nil }
func (*deaf) Want(_, _ bool)              {}
func (*deaf) Shut(error)                  {}
func (*deaf) Peer() string                { return "nobody" }

// steady is a cycle in which one read with commands is decoded, run and answered on one lane.
func steady(commands ...string) func() {
	s := New(Config{})
	whole := stage.Then(codec.Decode(s.requests(), codec.Alone(s.alone)), stage.Then(s.session, s.runner(false)))
	rig := stagetest.NewRig(whole)
	reply := sinks.Reply[Call](encoder{})(rig.Lane.Lane)
	terms := &stage.Terms{Limits: stage.DefaultLimits}
	terms.Now.Store(1)
	c := &deaf{}
	c.Init(c, terms)
	var b []byte
	for _, cmd := range commands {
		b = resp.AppendCommand(b, strings.Fields(cmd)...)
	}
	read, batch := string(b), make([]*stage.Segment, 1)
	return func() {
		batch[0] = rig.New()
		stagetest.Read(rig.Lane.Lane, batch[0], &c.Conn, read)
		out, err := rig.Push(batch...)
		if err != nil {
			panic(err)
		}
		reply.Push(out)
		rig.End()
	}
}

func many(n int, command string) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf(command, i))
	}
	return all
}

func TestReadingAllocatesNothingAndWritingTheValue(t *testing.T) {
	for _, c := range []struct {
		commands []string
		most     float64
	}{
		{append(many(16, "GET key:%d"), "SET key:1 value"), 1},
		{many(16, "PING %[1]d"), 0},
		{many(16, "EXISTS key:%d"), 0},
		{many(16, "TTL key:%d"), 0},
		{many(16, "SET key:%d "+strings.Repeat("v", 64)), 16},
		{many(16, "INCR key:%d"), 16},
		{many(16, "DEL key:%d"), 0},
	} {
		t.Run(c.commands[0], func(t *testing.T) { stagetest.Allocs(t, c.most, steady(c.commands...)) })
	}
}

// One op is a read with commands: one, or a pipeline of sixteen.
func BenchmarkCommands(b *testing.B) {
	for _, n := range []int{1, 16} {
		for _, command := range []string{"PING %[1]d", "GET key:%012d", "SET key:%012d xxx", "INCR key:%012d"} {
			b.Run(fmt.Sprintf("%s/pipeline=%d", strings.Fields(command)[0], n), func(b *testing.B) {
				f := steady(many(n, command)...)
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/command")
			})
		}
	}
}
