//go:build linux

package main

import (
	"fmt"

	"github.com/leat-io/leat/benchmarks/measure"
)

const haproxyDefaults = `defaults
  timeout connect 10s
  timeout client 1h
  timeout server 1h
`

// haproxy has greater buffers than by default, which brought it a tenth at 1000 connections and took nothing elsewhere. What else
// was tried, tune.bufsize 4096, tcp-smart-accept with tcp-smart-connect, tune.sched.low-latency, busy-polling, tune.maxpollevents
// and tune.runqueue-depth 1000, tune.fd.edge-triggered and splice-auto, stayed within what runs differ; splice-response took a tenth.
func (p programs) haproxy(backend string) measure.Server {
	return p.haproxySet(haproxy, "tune.bufsize 65536", "", backend)
}

// haproxyStream splices whatever a backend sends. Of streams, splice-auto, which wants full buffers first, carries no more than the
// defaults; splice-response 2.1 times that, with pipes of 512 KiB 2.8 times, with pipes of a MiB the same for a tenth less processor
// time, to which edge-triggering and greater buffers add nothing. Pipes count as descriptors, of which there are few left.
func (p programs) haproxyStream(backend string) measure.Server {
	return p.haproxySet("haproxy-stream", "tune.pipesize 1048576\n  maxpipes 40", "option splice-response", backend)
}

// haproxyCopying is the best that is there without splicing: buffers of 64 KiB carry 1.4 times what those of 16 KiB do, of 256 KiB
// 1.9 times, of a MiB 2.2 times.
func (p programs) haproxyCopying(backend string) measure.Server {
	return p.haproxySet("haproxy-copying", "tune.bufsize 1048576", "", backend)
}

// haproxySet is haproxy with settings for the process and for the proxy.
func (p programs) haproxySet(name, global, listen, backend string) measure.Server {
	return p.configured(name, func(addr string) string {
		return fmt.Sprintf(`global
  nbthread 1
  maxconn %s
  %s
%s
listen l
  mode tcp
  %s
  bind %s backlog 4096
  server s %s
`, plenty, global, haproxyDefaults, listen, addr, backend)
	}, haproxyCommand)
}

// haproxyTLS prefers the cipher that all others take from the client.
func (p programs) haproxyTLS(curve string) measure.Server {
	return p.configured("haproxy-tls", func(addr string) string {
		return fmt.Sprintf(`global
  nbthread 1
  maxconn %s
%s
frontend f
  mode http
  bind %s backlog 4096 ssl crt %s curves %s ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256
  http-request return status 200 content-type text/plain string ok
`, plenty, haproxyDefaults, addr, p.both(), curve)
	}, haproxyCommand)
}

func haproxyCommand(file string) []string { return []string{haproxyPath, "-db", "-q", "-f", file} }
