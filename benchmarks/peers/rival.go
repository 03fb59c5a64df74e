//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/leat-io/leat/benchmarks/measure"
	source "github.com/leat-io/leat/benchmarks/peers/rival"
)

// A rival is a server that echoes, in a program of its own, so that what is resident of it is its own.
type rival struct {
	name   string
	folder string // below rival
	args   []string
	module string   // whose version is shown; empty for what has none
	peer   bool     // someone else's server in Go
	only   []string // tables in which it runs; nil for those of everybody
}

// rivals in the order of the tables.
var rivals = []rival{
	{name: "leat", folder: "leat"},
	{name: "leat-framed", folder: "leat", args: []string{"--codec", "framed"}},
	{name: "leat-goroutine", folder: "leat", args: []string{"--engine", "goroutine"}},
	{name: "leat-uring", folder: "leat", args: []string{"--engine", "uring"}},
	{name: "leat-1-loop", folder: "leat", args: []string{"--loops", "1"}, only: []string{unpinned}},
	{name: "leat-sharded", folder: "leat", args: []string{"--codec", "framed", "--workers", "2"}, only: []string{sharded, shardedUnpinned}},
	{name: "net", folder: "net", peer: true},
	{name: "gnet", folder: "gnet", module: "github.com/panjf2000/gnet/v2", peer: true},
	{name: "netpoll", folder: "netpoll", module: "github.com/cloudwego/netpoll", peer: true},
	{name: "nbio", folder: "nbio", module: "github.com/lesismal/nbio", peer: true},
	{name: "evio", folder: "evio", module: "github.com/tidwall/evio", peer: true},
	{name: limit, folder: "c"},
}

// limit is the rival that is what the kernel costs and little else.
const limit = "c"

// A contender is a rival that has been built.
type contender struct {
	measure.Server
	version string
	peer    bool
	inC     bool
	only    []string
}

// A field is all that compete.
type field struct {
	contenders []contender
	empty      measure.Server // a Go program that serves nobody
	missing    string         // who is not there, and why
	sum        string         // of all programs
}

// build builds the programs of the rivals into dir. It wants the folder of the benchmarks as working directory, or one in it.
func build(ctx context.Context, dir string, chosen []rival) (f field, err error) {
	sum := sha256.New()
	built := make(map[string]string) // programs by folder
	program := func(folder string) (string, error) {
		if path, ok := built[folder]; ok {
			return path, nil
		}
		path := filepath.Join(dir, folder)
		if err := compile(ctx, folder, path); err != nil {
			return "", err
		}
		built[folder] = path
		return path, digest(sum, path)
	}
	for _, r := range chosen {
		if r.name == limit && measure.CompilerC() == "" {
			f.missing = "c, because there is no C compiler"
			continue
		}
		path, err := program(r.folder)
		if err != nil {
			return f, err
		}
		c := contender{peer: r.peer, inC: r.name == limit, only: r.only}
		if c.version, err = version(path, r); err != nil {
			return f, err
		}
		if len(r.args) > 0 {
			c.version += ", `" + strings.Join(append([]string{r.folder}, r.args...), " ") + "`"
		}
		c.Server = measure.Server{Name: r.name, Command: func(addr string) []string {
			return append(append([]string{path}, r.args...), addr)
		}}
		f.contenders = append(f.contenders, c)
	}
	path, err := program("empty")
	if err != nil {
		return f, err
	}
	f.empty = measure.Server{Name: "empty", Command: func(addr string) []string { return []string{path, addr} }}
	f.sum = fmt.Sprintf("%x", sum.Sum(nil)[:8])
	return f, nil
}

func compile(ctx context.Context, folder, path string) error {
	if folder == limit {
		return measure.BuildC(ctx, source.EchoC, path)
	}
	return measure.BuildGo(ctx, "peers/rival/"+folder, path)
}

func digest(sum io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(sum, f)
	return err
}

// version is what a program says about the module that it is built on, or about its language.
func version(path string, r rival) (string, error) {
	if r.name == limit {
		out, err := exec.Command(measure.CompilerC(), "--version").Output()
		first, _, _ := strings.Cut(string(out), "\n")
		return first, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, m := range info.Deps {
		if m.Path == r.module {
			return m.Version, nil
		}
	}
	return info.GoVersion, nil
}
