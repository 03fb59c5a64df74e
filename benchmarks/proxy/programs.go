//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/leat-io/leat/benchmarks/kvclient"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/record"
)

// programs are those that are not found by their names alone.
type programs struct {
	leat string // empty when nothing needs it
	dir  string // for files of configuration
	sum  string // of leat and of this program
}

// nutcracker is where Debian installs twemproxy.
const nutcracker = "/usr/sbin/nutcracker"

// prepare looks for the programs that the tables need, and builds leat if it is among them.
func prepare(ctx context.Context, all []table, by kvclient.Client) (p programs, remove func(), err error) {
	needed, leat := needs(all, by)
	for _, name := range needed {
		if _, err := exec.LookPath(name); err != nil {
			return p, nil, fmt.Errorf("there is no %s (Debian: redis, nutcracker)", filepath.Base(name))
		}
	}
	if p.dir, err = os.MkdirTemp("", "leat-proxy"); err != nil {
		return p, nil, err
	}
	remove = func() { _ = os.RemoveAll(p.dir) }
	var others []string
	if leat {
		path, clear, err := measure.Leat(ctx)
		if err != nil {
			remove()
			return p, nil, err
		}
		rest := remove
		p.leat, remove, others = path, func() { clear(); rest() }, []string{path}
	}
	if p.sum, err = record.Fingerprint(others...); err != nil {
		remove()
	}
	return p, remove, err
}

func needs(all []table, by kvclient.Client) (names []string, leat bool) {
	names = append(names, "redis-server")
	if by.Own {
		leat = true
	} else {
		names = append(names, by.Name)
	}
	for _, t := range all {
		for _, c := range t.candidates {
			if c.twem != nil {
				names = append(names, nutcracker)
			}
			leat = leat || c.pool != ""
		}
	}
	return names, leat
}
