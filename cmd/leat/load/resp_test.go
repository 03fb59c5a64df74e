package load

import (
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/cmd/leat/load/workload/workloadtest"
)

// Every word for a request is here; a new one fails the tests until it is added.
var commands = []Request{workload.PING, workload.ECHO, workload.GET, workload.SET, workload.INCR, workload.MSET, workload.MIXED}

func TestEveryCommandIsAnsweredInEveryShape(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		for _, request := range commands {
			t.Run(string(request), func(t *testing.T) {
				var server workloadtest.Server
				addr := listen(t, server.Serve)
				for _, shape := range []Config{
					{Conns: 1},
					{Conns: 3, Depth: 16, Zipf: .99},
					{Conns: 3, Depth: 8, Message: 10_000},
					{Conns: 5, Depth: 4, Pool: new(2)},
					{Conns: 2, Pool: new(0)},
					{Conns: 3, Depth: 2, Rate: 5000},
				} {
					shape.Driver, shape.Address, shape.Protocol, shape.Request, shape.Requests = d, addr, RESP, request, 300
					if shape.Keys = 50; request == workload.PING || request == workload.ECHO {
						shape.Keys, shape.Zipf = 0, 0
					}
					if res := mustRun(t, shape); res.OK != 300 || len(res.Errors) != 0 {
						t.Errorf("%+v: got %+v", shape, res)
					}
				}
			})
		}
	})
}

func TestAWrongReplyToEveryCommandIsCounted(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		wrong := map[Request]string{
			workload.PING: "+PANG\r\n", workload.ECHO: "$2\r\nhi\r\n", workload.GET: "$-1\r\n", workload.SET: "+NO\r\n",
			workload.INCR: ":-1\r\n", workload.MSET: ":10\r\n", workload.MIXED: "*0\r\n",
		}
		for _, request := range commands {
			n := 0
			server := workloadtest.Server{Fault: func(reply []byte, args [][]byte) []byte {
				if string(args[0]) == "SET" && request != workload.SET { // the keys are set before
					return reply
				}
				if n++; n%10 == 0 {
					return []byte(wrong[request])
				}
				return reply
			}}
			res := mustRun(t, Config{Driver: d, Address: listen(t, server.Serve), Protocol: RESP, Request: request, Depth: 4, Requests: 100})
			want := int64(10)
			if request == workload.MIXED { // its SETs do not count here
				want = res.Mismatched
			}
			if e := errorsOf(res, Mismatch); res.Mismatched != want || e.Count != want || want == 0 || res.ConnsLost != 0 ||
				!strings.Contains(e.Example, "connection 0, reply to request ") {
				t.Errorf("%s: got %+v", request, res)
			}
		}
	})
}

func TestErrorsAreCountedByTheirText(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		n := 0
		server := workloadtest.Server{Fault: func(reply []byte, _ [][]byte) []byte {
			switch n++; {
			case n%10 == 0:
				return []byte("-OOM command not allowed\r\n")
			case n%25 == 0:
				return []byte("-READONLY replica\r\n")
			}
			return reply
		}}
		res := mustRun(t, Config{Driver: d, Address: listen(t, server.Serve), Protocol: RESP, Request: workload.SET, Depth: 8, Requests: 100})
		want := []Errors{{ErrorReply, 10, "OOM command not allowed"}, {ErrorReply, 2, "READONLY replica"}}
		if !slices.Equal(res.Errors, want) || res.ErrorReplies != 12 || res.Mismatched != 12 || res.OK != 88 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestTextsBeyondABoundAreCountedTogether(t *testing.T) {
	r := refusals{}
	for i := range 2 * maxRefusals {
		r.add([]byte{byte('A' + i)}, 1)
	}
	if len(r) != maxRefusals+1 || r.total() != 2*maxRefusals || r.list()[0] != (Errors{ErrorReply, maxRefusals, otherRefusals}) {
		t.Errorf("got %v", r.list())
	}
}

func TestAServerThatDoesNotStoreTheKeysIsAnError(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		server := workloadtest.Server{Fault: func([]byte, [][]byte) []byte { return []byte("-ERR unknown command 'SET'\r\n") }}
		addr := listen(t, server.Serve)
		_, err := Run(t.Context(), Config{Driver: d, Address: addr, Protocol: RESP, Request: workload.GET, Requests: 1})
		if want := "load: setting the keys at " + addr + ": reply to request 0, set: the server says ERR unknown command 'SET'"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func TestAServerOfAnotherProtocolEndsTheConnection(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		res := mustRun(t, Config{Driver: d, Address: listen(t, echo), Protocol: RESP, Depth: 3, Requests: 10})
		if e := errorsOf(res, Mismatch); res.OK != 0 || res.ConnsLost != 0 && e.Count == 0 {
			t.Errorf("got %+v", res)
		}
		garbage := workloadtest.Server{Fault: func([]byte, [][]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n") }}
		res = mustRun(t, Config{Driver: d, Address: listen(t, garbage.Serve), Protocol: RESP, Depth: 3, Requests: 10})
		if e := errorsOf(res, Mismatch); res.OK != 0 || res.ConnsLost != 1 || !strings.Contains(e.Example, `no RESP reply: "HTTP/1.1 400 Bad Request"`) {
			t.Errorf("got %+v", res)
		}
	})
}
