//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A candidate is one way between the clients and redis-server.
type candidate struct {
	name  string
	less  int // its runs are this many times shorter, because it is that slow; 0 for 1
	twem  *twemproxy
	pool  string // of leat; empty for others
	table string
}

const (
	// reference is the candidate to which the others are compared.
	reference = "twemproxy"
	// direct is no proxy at all.
	direct = "direct"
	// pipelined is the default of leat for Redis.
	pipelined = "leat pipelined"
	exclusive = "leat exclusive"
	unpooled  = "leat none"
)

// best are the settings of twemproxy that its table of settings shows to be the fastest.
var best = twemproxy{mbuf: 512, connections: 1, backlog: 1024}

// candidates of all tables, in their order.
var candidates = []candidate{
	{name: pipelined, pool: "pipelined", table: proxies},
	{name: exclusive, pool: "exclusive", table: proxies},
	{name: unpooled, pool: "none", less: 8, table: proxies},
	{name: reference, twem: &best, table: proxies},
	{name: direct, table: proxies},

	{name: "mbuf 16384", twem: &twemproxy{mbuf: 16384, connections: 1, backlog: 1024}, table: settings},
	{name: "mbuf 512", twem: &twemproxy{mbuf: 512, connections: 1, backlog: 1024}, table: settings},
	{name: "mbuf 4096", twem: &twemproxy{mbuf: 4096, connections: 1, backlog: 1024}, table: settings},
	{name: "mbuf 65536", twem: &twemproxy{mbuf: 65536, connections: 1, backlog: 1024}, table: settings},
	{name: "4 connections", twem: &twemproxy{mbuf: 16384, connections: 4, backlog: 1024}, table: settings},
	{name: "16 connections", twem: &twemproxy{mbuf: 16384, connections: 16, backlog: 1024}, table: settings},
}

// server is the command of a candidate; none for the direct way.
func (c candidate) server(programs programs, backend string) (s measure.Server, has bool) {
	switch {
	case c.twem != nil:
		return c.twem.server(c.name, programs.dir, backend), true
	case c.pool != "":
		return measure.Server{Name: c.name, Command: func(addr string) []string {
			return []string{programs.leat, "proxy", "--mode", "redis", "--listen", addr, "--servers", backend, "--pool", c.pool, "--loops", "1"}
		}}, true
	}
	return s, false
}

// overtakes says that a request may overtake the one before it on the same connection: twemproxy gives the requests of a client to
// its connections to a server in turn.
func (c candidate) overtakes() bool { return c.twem != nil && c.twem.connections > 1 }

// twemproxy has the settings that matter to it. It never runs more than one thread for its connections.
type twemproxy struct {
	mbuf        int // bytes of a piece of its buffers
	connections int // to each server
	backlog     int
}

// config is its file for one pool with one server. Keys are hashed and looked up in its ring, as with more servers.
func (t twemproxy) config(addr, backend string) string {
	return fmt.Sprintf(`redis:
  listen: %s
  redis: true
  hash: fnv1a_64
  distribution: ketama
  auto_eject_hosts: false
  preconnect: true
  tcpkeepalive: true
  backlog: %d
  server_connections: %d
  servers:
   - %s:1
`, addr, t.backlog, t.connections, backend)
}

// server serves its statistics on the same port of another loopback address, and gathers them once a day.
func (t twemproxy) server(name, dir, backend string) measure.Server {
	file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".yml")
	return measure.Server{
		Name: name,
		Prepare: func(addr string) error {
			return os.WriteFile(file, []byte(t.config(addr, backend)), 0o600)
		},
		Command: func(addr string) []string {
			_, port, _ := net.SplitHostPort(addr)
			return []string{
				nutcracker, "-c", file, "-m", strconv.Itoa(t.mbuf), "-v", "0", "-o", os.DevNull, "-p", filepath.Join(dir, "pid"),
				"-a", "127.0.0.2", "-s", port, "-i", "86400000",
			}
		},
	}
}

// redis is a server beside the clients.
func redis() measure.Server {
	s := measure.Redis("--maxclients", "10000")
	s.CPUs = []int{measure.ClientCPU}
	return s
}
