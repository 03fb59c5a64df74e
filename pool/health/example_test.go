package health_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// told prints what a member is told.
type told string

func (t told) SetUp(up bool) { fmt.Println(t, "is up:", up) }

func ExampleMonitor() {
	serves := health.Func(func(_ context.Context, address string) error {
		if strings.HasPrefix(address, "10.0.0.2:") {
			return errors.New("it is full")
		}
		return nil
	})
	down := make(chan health.Change)
	m, err := health.NewMonitor(serves, health.MonitorOptions{
		Interval: 10 * time.Millisecond,
		OnChange: func(c health.Change) { down <- c },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = m.Apply([]health.Target{
		{Name: "a", Address: "10.0.0.1:6379", Member: told("a")},
		{Name: "b", Address: "10.0.0.2:6379", Member: told("b")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { m.Run(ctx); close(ended) }()
	c := <-down
	fmt.Println(c.Target.Name, "is down because", c.Reason)
	stop()
	<-ended
	// Output:
	// b is up: false
	// b is down because it is full
}

// A checker is usable without a monitor.
func ExamplePing() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ln.Close()
	go func() {
		for c, err := ln.Accept(); err == nil; c, err = ln.Accept() {
			c.Read(make([]byte, 100))
			fmt.Fprint(c, "-LOADING Redis is loading the dataset in memory\r\n")
			c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(health.Ping(health.Credentials{}).Check(ctx, ln.Addr().String()))
	// Output: PING was answered with an error: "LOADING Redis is loading the dataset in memory"
}

func ExampleSendExpect() {
	c, err := health.SendExpect(health.Exchange{Send: "stats\r\n", Prefix: "STAT ", Until: "END\r\n"})
	fmt.Println(c != nil, err)
	_, err = health.SendExpect(health.Exchange{Send: "stats\r\n"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// health: Exchange.Prefix is "": it must be given where there is no Match
}

func ExampleOutlier() {
	o, err := health.NewOutlier(health.OutlierOptions{InARow: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	a := o.Add("a", told("a"))
	o.Add("b", told("b"))
	a.Report(3*time.Millisecond, false)
	for range 3 {
		a.Report(0, true)
	}
	fmt.Println(o.Stats()[0].Reason)
	// Output:
	// a is up: false
	// 3 failures in a row
}

func ExampleVerdict() {
	v := health.NewVerdict(told("a"))
	checks, answers := v.Voice(), v.Voice()
	answers.SetUp(false)
	checks.SetUp(false)
	checks.SetUp(true) // its answers are still against it
	answers.SetUp(true)
	// Output:
	// a is up: false
	// a is up: true
}

func ExampleBreaker() {
	b, err := health.NewBreaker(health.BreakerOptions{InARow: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := func(f func() error) error {
		p, ok := b.Allow()
		if !ok {
			return health.ErrOpen
		}
		err := f()
		b.Done(p, health.OutcomeOf(err))
		return err
	}
	for range 3 {
		fmt.Println(call(func() error { return errors.New("connection refused") }))
	}
	// Output:
	// connection refused
	// connection refused
	// health: the circuit breaker is open
}

func ExampleBudget() {
	b, err := health.NewBudget(health.BudgetOptions{Share: .1, PerSecond: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	backoff := health.Backoff{Min: time.Millisecond, Jitter: -1}
	for range 20 {
		b.Deposit()
	}
	for n := 0; b.Withdraw(); n++ {
		fmt.Println("again behind", backoff.Delay(n))
	}
	// Output:
	// again behind 1ms
	// again behind 2ms
}

func ExampleTimeout() {
	l, err := health.NewLatency(health.LatencyOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := health.NewTimeout(l, health.TimeoutOptions{Initial: time.Second, Min: 50 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Value())
	for range 100 {
		l.Observe(2 * time.Millisecond)
	}
	fmt.Println(t.Value())
	// Output:
	// 1s
	// 50ms
}

func ExampleHedge() {
	l, err := health.NewLatency(health.LatencyOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := health.NewBudget(health.BudgetOptions{Share: .05})
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := health.NewHedge(l, b, health.HedgeOptions{Max: 20 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 100 {
		l.Observe(time.Second)
	}
	wait, ok := h.Delay()
	fmt.Println(wait, ok, h.Spend())
	// Output: 20ms true true
}
