package streams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/sources/muxnet"
)

// against is a config for a server with the handler.
func against(t *testing.T, handler func(*muxnet.Stream)) Config {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &muxnet.Server{Handler: handler, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-served
	})
	return Config{
		Address: ln.Addr().String(), Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
		},
		Conns: 1, Streams: 4, Request: "bytes", Message: 64, Reply: "echo", Requests: 100, Timeout: 10 * time.Second,
	}
}

func TestEveryRequestIsAccountedFor(t *testing.T) {
	cfg := against(t, func(s *muxnet.Stream) { _, _ = io.Copy(s, s) })
	cfg.Conns, cfg.Streams = 2, 10
	res, err := Run(t.Context(), cfg)
	if err != nil || res.OK != 100 || res.Requests != 100 || res.Success != 1 || res.ErrorCount != 0 || res.Errors == nil || res.Loop != "closed" {
		t.Errorf("%v: %+v", err, res)
	}
}

// answered is a handler that answers calls with their request.
func answered(s *muxnet.Stream) {
	for {
		m, err := s.ReadMessage(nil)
		if err != nil {
			return
		}
		_ = s.WriteMessage(m)
	}
}

func TestCallsAreAccountedFor(t *testing.T) {
	cfg := against(t, answered)
	cfg.Request, cfg.Rate = "call", 2000
	res, err := Run(t.Context(), cfg)
	if err != nil || res.OK != 100 || res.Requests != 100 || res.ErrorCount != 0 || res.Late == nil || res.Request != "call" {
		t.Errorf("%v: %+v", err, res)
	}
}

func TestACallThatIsNotAnsweredIsGivenUp(t *testing.T) {
	cfg := against(t, func(s *muxnet.Stream) { _, _ = io.Copy(io.Discard, s); <-s.Conn().Done() })
	cfg.Request, cfg.Streams, cfg.Requests, cfg.Timeout = "call", 2, 2, 100*time.Millisecond
	res, err := Run(t.Context(), cfg)
	if err != nil || res.Unanswered != 2 || res.OK != 0 {
		t.Errorf("%v: %+v", err, res)
	}
}

func TestTheWarmUpIsNotCounted(t *testing.T) {
	var served atomic.Int64
	cfg := against(t, func(s *muxnet.Stream) {
		b := make([]byte, 64)
		for {
			if _, err := io.ReadFull(s, b); err != nil {
				return
			}
			served.Add(1)
			_, _ = s.Write(b)
		}
	})
	cfg.Warmup, cfg.Rate, cfg.Requests = 100*time.Millisecond, 500, 20
	res, err := Run(t.Context(), cfg)
	if err != nil || res.OK != 20 || served.Load() < 20+40 {
		t.Errorf("%v, %d were served: %+v", err, served.Load(), res)
	}
}

func TestOneByteThatIsWrongIsFound(t *testing.T) {
	var n atomic.Int64
	cfg := against(t, func(s *muxnet.Stream) {
		b := make([]byte, 64)
		for {
			if _, err := io.ReadFull(s, b); err != nil {
				return
			}
			if n.Add(1) == 50 {
				b[63]++
			}
			_, _ = s.Write(b)
		}
	})
	res, err := Run(t.Context(), cfg)
	if err != nil || res.Mismatched != 1 || res.OK != 99 || res.ErrorCount != 1 || len(res.Errors) != 1 || !strings.Contains(res.Errors[0].Text, "not what was sent") {
		t.Errorf("%v: %+v", err, res)
	}
}

func TestAReplyThatDoesNotComeIsGivenUp(t *testing.T) {
	cfg := against(t, func(s *muxnet.Stream) { _, _ = io.Copy(io.Discard, s) })
	cfg.Streams, cfg.Requests, cfg.Timeout = 2, 2, 100*time.Millisecond
	res, err := Run(t.Context(), cfg)
	if err != nil || res.Unanswered != 2 || res.OK != 0 || res.Success != 0 {
		t.Errorf("%v: %+v", err, res)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	cfg := against(t, func(s *muxnet.Stream) { _, _ = io.Copy(s, s) })
	cfg.Requests, cfg.Duration = 0, time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	res, err := Run(ctx, cfg)
	if err != nil || res.OK == 0 || res.OK != res.Requests {
		t.Errorf("%v: %+v", err, res)
	}
}

func TestWhoSpeaksAnotherProtocolIsNamed(t *testing.T) {
	cfg := against(t, func(*muxnet.Stream) {})
	cfg.Dial = func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			_, _ = io.WriteString(far, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = io.Copy(io.Discard, far)
			_ = far.Close()
		}()
		return near, nil
	}
	if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "does not speak the mux protocol") {
		t.Errorf("%v", err)
	}
}

// An open loop counts from the time at which a request was due: what a server holds up counts against it, all of it.
func TestAStallCountsForEveryRequestThatItHeldUp(t *testing.T) {
	var stalled atomic.Bool
	cfg := against(t, func(s *muxnet.Stream) {
		b := make([]byte, 64)
		for {
			if _, err := io.ReadFull(s, b); err != nil {
				return
			}
			if stalled.CompareAndSwap(false, true) {
				time.Sleep(500 * time.Millisecond)
			}
			_, _ = s.Write(b)
		}
	})
	cfg.Streams, cfg.Rate = 1, 200
	res, err := Run(t.Context(), cfg)
	if err != nil || res.OK != 100 || res.Late == nil || res.Latency.P50 < 100*time.Millisecond {
		t.Errorf("%v: %+v", err, res)
	}
}

func TestAResultIsShown(t *testing.T) {
	res := Result{
		Loop: "open", Label: "mine", Address: "here", Conns: 1, Streams: 2, Message: 64, Rate: 100, Elapsed: 1500 * time.Millisecond,
		Requests: 1000, OK: 999, Mismatched: 1, Success: .999, ErrorCount: 1, Errors: []Error{{"a reply is wrong", 1}}, Late: &latency.Summary{},
	}
	var b bytes.Buffer
	if err := res.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mine", "100 requests/s, 2 streams over 1 connections", "99.9 %, 999 right, 1 wrong", "1: a reply is wrong", "late"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	j, err := json.Marshal(res)
	if err != nil || !strings.Contains(string(j), `"elapsed_s":1.5`) || !strings.Contains(string(j), `"ok":999`) {
		t.Errorf("%v: %s", err, j)
	}
	if s := (Progress{Elapsed: time.Second, Total: time.Minute, Requests: 1500, Goal: 2000, Rate: 1500}).String(); s != "running: 1s of 60s, 1 500 of 2 000 requests, 1 500/s, 0 errors" {
		t.Errorf("the progress is %q", s)
	}
}

func TestExpectationsOfAResult(t *testing.T) {
	res := Result{OK: 10, RPS: 100, Success: 1, Latency: latency.Summary{P99: time.Millisecond}}
	for text, want := range map[string]string{
		"rps>=100,success=100%,p99<2ms,errors=0": "", "p99<1ms": "wanted p99<1ms, got 1ms", "late.max<1s": "wanted late.max<1s, got a closed loop",
	} {
		e, err := ParseExpect(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range e.Check(res) {
			got = append(got, f.String())
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: got %q, want %q", text, s, want)
		}
	}
	if _, err := ParseExpect("late.rps>1"); err == nil {
		t.Error("late.rps is a metric")
	}
	for _, name := range MetricNames() {
		if _, err := parseMetric(name); err != nil {
			t.Errorf("%s %v", name, err)
		}
	}
}

func TestErrorsOfManyTextsAreBounded(t *testing.T) {
	var f failures
	for i := range 100 {
		f.add(errors.New(strings.Repeat("x", i)))
	}
	if len(f.of) != mostTexts+1 || f.all != 100 || f.of["others"] != 80 {
		t.Errorf("%d texts, %d errors, %d others", len(f.of), f.all, f.of["others"])
	}
}

func TestWhatIsWrongWithAConfigIsSaid(t *testing.T) {
	good := Config{Conns: 1, Streams: 1, Request: "bytes", Message: 1, Reply: "echo", Requests: 1, Timeout: time.Second}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"connections":        func(c *Config) { c.Conns = 0 },
		"streams":            func(c *Config) { c.Conns, c.Streams = 2, 1 },
		`no request "poem"`:  func(c *Config) { c.Request = "poem" },
		"a message":          func(c *Config) { c.Message = MostMessage + 1 },
		`no reply "silence"`: func(c *Config) { c.Reply = "silence" },
		"a rate":             func(c *Config) { c.Rate = -1 },
		"number of requests": func(c *Config) { c.Requests = -1 },
		"the duration":       func(c *Config) { c.Duration = -1 },
		"the warm-up":        func(c *Config) { c.Warmup = -1 },
		"the timeout":        func(c *Config) { c.Timeout = 0 },
		"say when to end":    func(c *Config) { c.Requests = 0 },
	} {
		c := good
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said, but %v", want, err)
		}
	}
}
