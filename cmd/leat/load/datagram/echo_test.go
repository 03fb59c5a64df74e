package datagram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
)

// senders are those that work on this system without privileges.
func senders() []Sender {
	if runtime.GOOS == "linux" {
		return []Sender{Plain, GSO}
	}
	return []Sender{Plain}
}

func TestAnEchoLosesNothing(t *testing.T) {
	t.Parallel()
	for _, s := range senders() {
		for name, cfg := range map[string]Config{
			"open":     {Rate: 20_000, Requests: 2000, Flows: 3, Message: 77},
			"closed":   {Requests: 2000, Flows: 3, Depth: 4},
			"duration": {Duration: 100 * time.Millisecond, Depth: 2},
		} {
			t.Run(string(s)+" "+name, func(t *testing.T) {
				t.Parallel()
				cfg.Address, cfg.Sender = server(t, echo), s
				res := mustRun(t, cfg)
				if res.Sent == 0 || res.Received != res.Sent || res.Lost+res.Duplicates+res.Reordered+res.Corrupt+res.Foreign+res.Errors != 0 {
					t.Errorf("%+v", res)
				}
				if cfg.Requests > 0 && res.Sent != cfg.Requests {
					t.Errorf("%d were sent, not %d", res.Sent, cfg.Requests)
				}
				if res.Latency == nil || res.Latency.P50 <= 0 || res.Service.P50 <= 0 || (res.Late != nil) != (cfg.Rate > 0) {
					t.Errorf("latency %+v, service %+v, late %+v", res.Latency, res.Service, res.Late)
				}
				if res.Trains != (s == GSO) || !strings.Contains(text(res), s.Detail()) {
					t.Errorf("the result does not say how it was sent: %s", text(res))
				}
			})
		}
	}
}

func text(r Result) string {
	var b bytes.Buffer
	r.WriteText(&b)
	return b.String()
}

func TestLossDuplicatesAndOrderAreCounted(t *testing.T) {
	t.Parallel()
	var held []byte
	addr := server(t, func(i int, b []byte) [][]byte {
		switch i % 10 {
		case 1:
			return nil // lost
		case 2:
			return [][]byte{b, b}
		case 3: // changes places with the next
			held = bytes.Clone(b)
			return nil
		case 4:
			return [][]byte{b, held}
		}
		return [][]byte{b}
	})
	res := mustRun(t, Config{Address: addr, Rate: 5000, Requests: 1000, Timeout: time.Second})
	if res.Sent != 1000 || res.Received != 900 || res.Lost != 100 || res.Duplicates != 100 || res.Reordered != 100 || res.Displaced != 1 || res.Loss != .1 {
		t.Errorf("%+v", res)
	}
}

func TestWrongRepliesAreNoticed(t *testing.T) {
	t.Parallel()
	addr := serverTo(t, func(c *net.UDPConn, to netip.AddrPort, i int, b []byte) {
		switch i % 10 {
		case 0:
			b[len(b)-1] ^= 1
		case 1:
			b = b[:len(b)-1]
		case 2:
			b = append(b, 0)
		case 3:
			b = []byte("something else")
		case 4: // whole, but of another run
			h := header{run: 1, seq: 2}
			h.put(b)
		}
		c.WriteToUDPAddrPort(b, to)
	})
	res := mustRun(t, Config{Address: addr, Rate: 5000, Requests: 100, Timeout: time.Second})
	if res.Received != 50 || res.Corrupt != 30 || res.Foreign != 20 || res.Lost != 50 || res.Wrong == "" {
		t.Errorf("%+v", res)
	}
}

func TestAReplyToAnotherFlowIsCorrupt(t *testing.T) {
	t.Parallel()
	var peers []netip.AddrPort
	addr := serverTo(t, func(c *net.UDPConn, to netip.AddrPort, i int, b []byte) {
		if i < 2 {
			peers = append(peers, to)
		}
		for _, p := range peers {
			if len(peers) == 2 && p != to {
				c.WriteToUDPAddrPort(b, p)
			}
		}
	})
	res := mustRun(t, Config{Address: addr, Rate: 2000, Requests: 100, Flows: 2, Batch: 1, Timeout: 100 * time.Millisecond})
	if res.Received != 0 || res.Corrupt < 90 {
		t.Errorf("%+v", res)
	}
}

// A server that stalls is asked on, and the stall is in the latency of all that was due within it.
func TestAStallIsChargedToAllThatWasDueWithinIt(t *testing.T) {
	t.Parallel()
	addr := server(t, func(i int, b []byte) [][]byte {
		if i == 200 {
			time.Sleep(200 * time.Millisecond)
		}
		return [][]byte{b}
	})
	res := mustRun(t, Config{Address: addr, Rate: 1000, Duration: time.Second})
	if res.Latency.Max < 190*time.Millisecond || res.Latency.P90 < 50*time.Millisecond || res.Lost != 0 {
		t.Errorf("a stall of 200 ms in a second is seen as p90 %v, max %v", res.Latency.P90, res.Latency.Max)
	}
}

func TestAClosedLoopGivesUpWhatIsLost(t *testing.T) {
	t.Parallel()
	addr := server(t, func(i int, b []byte) [][]byte {
		if i%10 == 5 {
			return nil
		}
		return [][]byte{b}
	})
	res := mustRun(t, Config{Address: addr, Requests: 50, Timeout: 300 * time.Millisecond})
	if res.Sent != 50 || res.Received != 45 || res.Lost != 5 {
		t.Errorf("%+v", res)
	}
}

func TestTheWarmUpIsNotCounted(t *testing.T) {
	t.Parallel()
	res := mustRun(t, Config{Address: server(t, echo), Rate: 1000, Warmup: 200 * time.Millisecond, Duration: 300 * time.Millisecond})
	if res.Sent != 300 || res.Received != 300 || res.Foreign != 0 {
		t.Errorf("%+v", res)
	}
}

func TestAProfileHasPhases(t *testing.T) {
	t.Parallel()
	p, err := profile.Parse("warm 500 100ms, hold 1000 200ms, ramp 0-2000 100ms")
	if err != nil {
		t.Fatal(err)
	}
	res := mustRun(t, Config{Address: server(t, echo), Profile: p})
	if len(res.Phases) != 2 || res.Phases[0].Received != 200 || res.Phases[1].Received != 100 || res.Sent != 300 {
		t.Errorf("%+v", res)
	}
}

func TestNobodyThereIsCounted(t *testing.T) {
	t.Parallel()
	res := mustRun(t, Config{Address: freeAddress(t), Rate: 1000, Requests: 50, Timeout: 300 * time.Millisecond})
	if res.Lost != 50 || res.Refused == 0 || res.Example == "" {
		t.Errorf("%+v", res)
	}
}

func TestARunThatIsCutShortSaysWhatItHas(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	res, err := Run(ctx, Config{Address: server(t, echo), Rate: 1000, Duration: time.Minute})
	if !errors.Is(err, context.DeadlineExceeded) || res.Sent < 50 || res.Sent > 1000 {
		t.Errorf("%v, %d sent", err, res.Sent)
	}
}

func TestAResultIsJSONWithUnits(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(mustRun(t, Config{Address: server(t, echo), Rate: 1000, Requests: 20}))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"role":"echo"`, `"sender":"plain"`, `"trains":false`, `"elapsed_s":`, `"p99_us":`, `"loss":0`, `"cpu":{"seconds":`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("there is no %s in %s", part, b)
		}
	}
}

func TestProgressIsToldOnceASecond(t *testing.T) {
	t.Parallel()
	var all []Progress
	mustRun(t, Config{
		Address: server(t, echo), Rate: 1000, Duration: 1200 * time.Millisecond, Progress: func(p Progress) { all = append(all, p) },
	})
	if len(all) != 2 || all[0].Done || !all[1].Done || all[0].Sent < 500 || !strings.Contains(all[0].String(), "of 1.2s, ") {
		t.Errorf("%+v", all)
	}
}
