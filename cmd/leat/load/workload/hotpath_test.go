package workload

import (
	"fmt"
	"testing"

	"github.com/leat-io/leat/cmd/leat/load/workload/workloadtest"
)

// specs are one of each kind of request.
func specs(t testing.TB, size int) map[string]Spec {
	t.Helper()
	all := map[string]Spec{}
	for _, p := range framings {
		all[string(p)] = Spec{Protocol: p, Message: size}
	}
	for _, r := range requests {
		all["resp "+string(r)] = Spec{Protocol: RESP, Request: r, Message: size}
	}
	all["resp get zipf"] = Spec{Protocol: RESP, Request: GET, Message: size, Keys: 1000, Zipf: .99}
	for name, s := range all {
		full, err := s.WithDefaults()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = full
	}
	return all
}

// exchange is what a request costs besides the system calls and the recording: to make it and to judge the reply.
func exchange(s Spec) func() {
	ask, judge := s.Requests(1), s.Replies(1)
	var request, reply []byte
	var server workloadtest.Server
	answer := func() { reply = append(reply[:0], request...) }
	if s.Protocol == RESP {
		fill, _ := s.Preload()
		for range s.Keys {
			server.Append(nil, fill.Append(nil))
		}
		answer = func() { reply, _ = server.Append(reply[:0], request) }
	}
	return func() {
		request = ask.Append(request[:0])
		answer()
		if rest, v := judge.Next(judge.Discard(reply)); v != Right || len(rest) != 0 {
			panic(judge.Why())
		}
	}
}

func TestARequestAllocatesNothing(t *testing.T) {
	for name, s := range specs(t, 64) {
		one := exchange(s)
		for range 20_000 { // every counter exists then
			one()
		}
		if n := testing.AllocsPerRun(1000, one); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// With RESP the server's part is in it, too.
func BenchmarkExchange(b *testing.B) {
	for _, size := range []int{16, 64, 1024, 65536} {
		for name, s := range specs(b, size) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				one := exchange(s)
				for b.Loop() {
					one()
				}
			})
		}
	}
}
