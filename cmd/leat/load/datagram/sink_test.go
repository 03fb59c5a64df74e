package datagram

import (
	"context"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// sink starts one and returns its address, and what waits for its result.
func sink(t *testing.T, cfg Config) (addr string, end func() Result) {
	t.Helper()
	cfg.Role, cfg.Address = Sink, "127.0.0.1:0"
	cfg, err := cfg.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	socks, err := listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	r := newRun(ctx, cfg)
	done := make(chan Result, 1)
	go func() {
		res, err := r.receiveFrom(socks)
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	return socks.conns[0].LocalAddr().String(), func() Result { return <-done }
}

func TestASinkAccountsForWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, s := range senders() {
		for name, cfg := range map[string]Config{
			"paced": {Rate: 20_000, Requests: 4000, Flows: 5, Warmup: 20 * time.Millisecond},
			"flood": {Requests: 4000, Flows: 2, Message: 1000},
		} {
			t.Run(string(s)+" "+name, func(t *testing.T) {
				addr, end := sink(t, Config{})
				cfg.Address, cfg.Role, cfg.Sender = addr, SendOnly, s
				sent, got := mustRun(t, cfg), end()
				if sent.Sent != 4000 || got.Sent != 4000 || got.Received+got.Lost != 4000 || got.Unended != 0 || got.Flows != cfg.Flows || got.Sender != s {
					t.Errorf("sent %+v\nreceived %+v", sent, got)
				}
				if got.Lost != max(0, got.Drops) {
					t.Errorf("%d were lost, and the kernel has dropped %d", got.Lost, got.Drops)
				}
				if runtime.GOOS == "linux" && (got.Latency == nil || got.Latency.Max <= 0) {
					t.Errorf("there is no latency: %+v", got)
				}
			})
		}
	}
}

// What is missing at the end is known from the sender alone.
func TestASinkKnowsOfWhatIsMissingAtTheEnd(t *testing.T) {
	t.Parallel()
	addr, end := sink(t, Config{})
	c, err := net.Dial("udp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 64)
	put := func(h header) {
		h.run = 9
		h.put(b)
		c.Write(b)
	}
	for _, seq := range []uint64{0, 1, 5, 3, 3} {
		put(header{seq: seq})
	}
	put(header{seq: 5, sender: 1}) // of a known flow: who sends it matters for new ones alone
	put(header{flow: 1, seq: 0, sender: 1})
	put(header{kind: ending, seq: 10, due: 1})
	res := end()
	if res.Sent != 10 || res.Received != 4 || res.Lost != 6 || res.Duplicates != 2 || res.Reordered != 1 || res.Displaced != 2 || res.Foreign != 1 || res.Unended != 0 {
		t.Errorf("%+v", res)
	}
	if res.Latency != nil {
		t.Errorf("clocks of two machines were compared: %+v", res.Latency)
	}
}

func TestASinkWithoutTheSendersWordSaysSo(t *testing.T) {
	t.Parallel()
	addr, end := sink(t, Config{Duration: 300 * time.Millisecond})
	c, err := net.Dial("udp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 64)
	for _, seq := range []uint64{0, 2} {
		h := header{run: 9, seq: seq}
		h.put(b)
		c.Write(b)
	}
	c.Write([]byte("stray"))
	res := end()
	if res.Received != 2 || res.Lost != 1 || res.Unended != 1 || res.Foreign != 1 || !strings.Contains(text(res), "1 flows have not said") {
		t.Errorf("%+v\n%s", res, text(res))
	}
}

func TestASinkBoundsTheFlowsThatItFollows(t *testing.T) {
	r := &run{cfg: Config{Role: Sink}, clock: newClock()}
	in := newIntake(r)
	b := make([]byte, 64)
	for i := range 3 * maxStreams {
		h := header{run: uint32(i), kind: counted}
		h.put(b)
		in.take(0, b, false, 1)
	}
	if len(in.streams) != maxStreams || in.foreign != 2*maxStreams || len(in.runs) > maxStreams {
		t.Errorf("%d streams, %d runs, %d foreign", len(in.streams), len(in.runs), in.foreign)
	}
}

func TestAConfigThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	ok := Config{Address: "127.0.0.1:9", Requests: 1}
	if err := ok.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"is not host:port":                        func(c *Config) { c.Address = "nowhere" },
		`there is no sender "pigeon"`:             func(c *Config) { c.Sender = "pigeon" },
		"a datagram of 47 bytes":                  func(c *Config) { c.Message = 47 },
		"a datagram of 65508 bytes":               func(c *Config) { c.Message = 65508 },
		"5000 flows":                              func(c *Config) { c.Flows = 5000 },
		"a batch of 65":                           func(c *Config) { c.Batch = 65 },
		"a depth of 5000":                         func(c *Config) { c.Depth = 5000 },
		"do not fit into one train":               func(c *Config) { c.Sender, c.Message = GSO, 40000 },
		"wants an interface":                      func(c *Config) { c.Sender, c.Role = Packet, SendOnly },
		"only sends":                              func(c *Config) { c.Sender, c.Raw.Interface = XDP, "lo" },
		"neither a number of requests":            func(c *Config) { c.Requests = 0 },
		"cannot be negative":                      func(c *Config) { c.Timeout = -1 },
		"a rate of -1/s":                          func(c *Config) { c.Rate = -1 },
		"a sink has no schedule":                  func(c *Config) { c.Role, c.Rate = Sink, 10 },
		`there is no role "spy"`:                  func(c *Config) { c.Role = "spy" },
		"a receive buffer of -1 bytes":            func(c *Config) { c.Buffer = -1 },
		"these are more than 9007199254740992":    func(c *Config) { c.Requests = 1 << 54 },
		"times are longer than":                   func(c *Config) { c.Duration = 1 << 62 },
		"a profile has its own rates, durations ": func(c *Config) { c.Rate, c.Profile = 1, profileOf(t) },
	} {
		c := ok
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
