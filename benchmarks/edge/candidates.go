//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A candidate proxies connections, or terminates TLS, or both.
type candidate struct {
	name    string
	needs   string                                // a program that is looked for
	proxy   func(programs, string) measure.Server // behind it, a backend
	stream  func(programs, string) measure.Server // the same, set up for streams
	secure  func(programs, string) measure.Server // with a key exchange
	answers bool                                  // what it terminates it takes for HTTP and answers, where others echo
	hybrid  bool                                  // it knows X25519MLKEM768
}

// Names of candidates to which others are compared.
const (
	haproxy   = "haproxy"
	cryptoTLS = "crypto/tls"
	openSSL   = "OpenSSL"
)

// Where Debian installs them.
const (
	haproxyPath = "/usr/sbin/haproxy"
	nginxPath   = "/usr/sbin/nginx"
	streamPath  = "/usr/lib/nginx/modules/ngx_stream_module.so"
)

// candidates of all tables, in their order.
var candidates = []candidate{
	{name: leatName, proxy: programs.leatTunnel, stream: programs.leatTunnel, secure: programs.leatTLS, hybrid: true},
	{name: haproxy, needs: haproxyPath, proxy: programs.haproxy, stream: programs.haproxyStream, secure: programs.haproxyTLS, answers: true},
	{name: "haproxy-copying", needs: haproxyPath, stream: programs.haproxyCopying},
	{name: "nginx", needs: nginxPath, proxy: programs.nginx, stream: programs.nginxStream, secure: programs.nginxTLS, answers: true},
	{name: "io.Copy", proxy: programs.copy, stream: programs.copy},
	{name: cryptoTLS, secure: programs.cryptoTLS, hybrid: true},
	{name: openSSL, secure: programs.openSSL},
}

const leatName = "leat"

// plenty is more connections than any row has, and with both of their descriptors fewer than 20 000.
const plenty = "9900"

// leatTunnel has no limits of time, so that what is idle stays.
func (p programs) leatTunnel(backend string) measure.Server {
	return measure.Server{Name: leatName, Command: func(addr string) []string {
		return []string{p.leat, "proxy", "--mode", "tunnel", "--listen", addr, "--servers", backend, "--loops", "1"}
	}}
}

func (p programs) leatTLS(curve string) measure.Server {
	return measure.Server{Name: leatName, Command: func(addr string) []string {
		return []string{
			p.leat, "tcp", "--listen", addr, "--codec", "raw", "--app", "echo", "--loops", "1", "--tls-cert", p.cert(), "--tls-key", p.key(), "--tls-curves", strings.ToLower(curve),
		}
	}}
}

func (p programs) copy(backend string) measure.Server {
	return measure.Server{Name: "io.Copy", Command: func(addr string) []string { return []string{p.path(copyFolder), addr, backend} }}
}

func (p programs) cryptoTLS(curve string) measure.Server {
	return measure.Server{Name: cryptoTLS, Command: func(addr string) []string {
		return []string{p.path(tlsFolder), "-cert", p.cert(), "-key", p.key(), "-curve", curve, addr}
	}}
}

func (p programs) openSSL(curve string) measure.Server {
	return measure.Server{Name: openSSL, Command: func(addr string) []string {
		return []string{p.path(openSSL), curve, p.cert(), p.key(), addr}
	}}
}

// configured is a server with one file of configuration, which is written for each address.
func (p programs) configured(name string, text func(addr string) string, command func(file string) []string) measure.Server {
	file := filepath.Join(p.dir, name+".conf")
	return measure.Server{
		Name:    name,
		Prepare: func(addr string) error { return os.WriteFile(file, []byte(text(addr)), 0o600) },
		Command: func(string) []string { return command(file) },
	}
}
