package health_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A lamp is a member that remembers what it was told.
type lamp struct {
	mu    sync.Mutex
	down  bool
	turns int
	at    time.Time
}

func (l *lamp) SetUp(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = !up
	l.turns++
	l.at = time.Now()
}

func (l *lamp) up() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.down
}

func (l *lamp) told() (turns int, last time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turns, l.at
}

// A server answers as it is told now, and counts the connections.
type server struct {
	t        testing.TB
	addr     string
	accepted atomic.Int64

	mu      sync.Mutex
	serve   func(net.Conn) // guarded by mu
	ln      net.Listener   // guarded by mu
	conns   map[net.Conn]bool
	running sync.WaitGroup
}

// listen begins a server on an address of loopback.
func listen(t testing.TB, serve func(net.Conn)) *server {
	s := &server{t: t, addr: "127.0.0.1:0", conns: map[net.Conn]bool{}, serve: serve}
	s.start()
	t.Cleanup(func() { s.kill(); s.running.Wait() })
	return s
}

func (s *server) start() {
	s.t.Helper()
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ln, s.addr = ln, ln.Addr().String()
	s.running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			s.mu.Lock()
			s.conns[c] = true
			serve := s.serve
			s.mu.Unlock()
			s.running.Go(func() {
				serve(c)
				c.Close()
				s.mu.Lock()
				delete(s.conns, c)
				s.mu.Unlock()
			})
		}
	})
}

// kill ends the server as the end of its process would.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ln.Close()
	for c := range s.conns {
		c.Close()
	}
}

// become changes how the next connections are served, and ends those that there are.
func (s *server) become(serve func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve = serve
	for c := range s.conns {
		c.Close()
	}
}

// answering reads and answers whatever comes with the same bytes.
func answering(reply string) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, 1000)
		for {
			if _, err := c.Read(b); err != nil {
				return
			}
			c.Write([]byte(reply))
		}
	}
}

// hanging accepts and says nothing.
func hanging(c net.Conn) {
	b := make([]byte, 1000)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// each runs a test with the reactor, where there is one, and with package net.
func each(t *testing.T, f func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor)) {
	for _, portable := range []bool{false, true} {
		name := "reactor"
		if portable {
			name = "net"
		}
		t.Run(name, func(t *testing.T) {
			f(t, func(c health.Checker, o health.MonitorOptions) *health.Monitor {
				m := monitor(t, c, o)
				if portable {
					m.Portable()
				}
				return m
			})
		})
	}
}

func monitor(t testing.TB, c health.Checker, o health.MonitorOptions) *health.Monitor {
	t.Helper()
	m, err := health.NewMonitor(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// run runs a monitor until the test ends.
func run(t testing.TB, m *health.Monitor) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { m.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func apply(t testing.TB, m *health.Monitor, targets ...health.Target) {
	t.Helper()
	if err := m.Apply(targets); err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for what has to come at last.
const patience = 20 * time.Second

func await(t testing.TB, what string, f func() bool) {
	t.Helper()
	for began := time.Now(); !f(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("%s: that never comes", what)
		}
	}
}

// must is for what is made of options that are right.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
