//go:build linux

package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/peers/rival"
	"github.com/leat-io/leat/benchmarks/record"
)

// programs are those that are not found by their names alone, and what they read.
type programs struct {
	leat string // empty when nothing needs it
	self string
	dir  string // of the others, and for files of configuration
	root []byte // certificate, PEM
	sum  string // of all that are built
}

// Folders below rival.
const (
	copyFolder = "copy"
	tlsFolder  = "tls"
)

// echoBackend is the program in C behind proxies.
const echoBackend = "echo"

//go:embed rival/openssl/echo.c
var openSSLC string

func (p programs) path(name string) string { return filepath.Join(p.dir, name) }

// prepare looks for the programs that candidates need, and builds the others. It wants the folder of the benchmarks as working
// directory.
func prepare(ctx context.Context, chosen []candidate) (p programs, remove func(), err error) {
	for _, c := range chosen {
		if c.needs == "" {
			continue
		}
		if _, err := os.Stat(c.needs); err != nil {
			return p, nil, fmt.Errorf("there is no %s (Debian: haproxy, nginx-light, libnginx-mod-stream)", c.name)
		}
	}
	if p.dir, err = os.MkdirTemp("", "leat-edge"); err != nil {
		return p, nil, err
	}
	remove = func() { _ = os.RemoveAll(p.dir) }
	if err := p.build(ctx, chosen, &remove); err != nil {
		remove()
		return p, nil, err
	}
	return p, remove, nil
}

func (p *programs) build(ctx context.Context, chosen []candidate, remove *func()) (err error) {
	has := func(name string) bool {
		return slices.ContainsFunc(chosen, func(c candidate) bool { return c.name == name })
	}
	if p.self, err = os.Executable(); err != nil {
		return err
	}
	if p.root, err = p.certify(); err != nil {
		return err
	}
	built := []string{p.path(echoBackend), p.path(copyFolder), p.path(tlsFolder)}
	if err := measure.BuildC(ctx, rival.EchoC, built[0]); err != nil {
		return err
	}
	for _, folder := range []string{copyFolder, tlsFolder} {
		if err := measure.BuildGo(ctx, "edge/rival/"+folder, p.path(folder)); err != nil {
			return err
		}
	}
	if has(openSSL) {
		if err := measure.BuildC(ctx, openSSLC, p.path(openSSL), "-lssl", "-lcrypto"); err != nil {
			return fmt.Errorf("there is no libssl-dev (Debian), or: %w", err)
		}
		built = append(built, p.path(openSSL))
	}
	if has(leatName) {
		path, clear, err := measure.Leat(ctx)
		if err != nil {
			return err
		}
		p.leat = path
		rest := *remove
		*remove = func() { clear(); rest() }
		built = append(built, path)
	}
	p.sum, err = record.Fingerprint(built...)
	return err
}

// backend starts what stands behind a proxy, beside the client.
func (p programs) backend(stream bool) measure.Server {
	s := measure.Server{Name: "backend", CPUs: []int{measure.ClientCPU}, Command: func(addr string) []string { return []string{p.path(echoBackend), addr} }}
	if stream {
		s.Command = func(addr string) []string { return []string{p.self, sourceCommand, addr} }
	}
	return s
}
