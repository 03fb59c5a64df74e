//go:build linux

package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A receiver is a program that counts datagrams, or sends them back.
type receiver struct {
	name   string
	folder string // below rival
	args   []string
}

// patient is what a receiver has that is not to lose anything while it has no processor, or a worker has none, for some
// 100 ms at a million datagrams a second.
var patient = []string{"--buffer", "67108864", "--room", "65536"}

// The receivers, by name.
var receivers = map[string]receiver{}

func init() {
	for _, r := range []receiver{
		{"leat-mmsg", "leat", nil},
		{"leat-std", "leat", []string{"--engine", "std"}},
		{"leat-gro", "leat", []string{"--engine", "gro"}},
		{"leat-mmsg-workers", "leat", append([]string{"--work", "decode", "--workers", "2"}, patient...)},
		{"leat-std-workers", "leat", append([]string{"--engine", "std", "--work", "decode", "--workers", "2"}, patient...)},
		{"leat-echo-trains", "leat", []string{"--work", "echo"}},
		{"leat-echo-plain", "leat", []string{"--work", "echo-plain"}},
		{"net", "net", nil},
		{"net-echo", "net", []string{"echo"}},
		{"xnet", "xnet", nil},
		{"xnet-echo", "xnet", []string{"echo"}},
		{"gnet", "gnet", nil},
		{"gnet-echo", "gnet", []string{"echo"}},
		{"c", "c", []string{"block"}},
		{"c-nap", "c", []string{"nap"}},
		{"c-drop", "c", []string{"drop"}},
	} {
		receivers[r.name] = r
	}
}

//go:embed rival/c/receive.c
var receiveC string

// build builds the programs of the receivers into dir, once each. Those that cannot be built for want of a compiler are left
// out, and named.
func build(ctx context.Context, dir string, names []string) (missing []string, err error) {
	done := map[string]bool{}
	for _, name := range names {
		folder := receivers[name].folder
		if done[folder] {
			continue
		}
		done[folder] = true
		path, err := filepath.Join(dir, folder), error(nil)
		switch {
		case folder != "c":
			err = measure.BuildGo(ctx, "udp/rival/"+folder, path)
		case measure.CompilerC() == "":
			missing = append(missing, "c, because there is no C compiler")
		default:
			err = measure.BuildC(ctx, receiveC, path)
		}
		if err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// A process is a receiver that runs.
type process struct {
	*exec.Cmd
	out  *bufio.Reader
	addr netip.AddrPort
}

func (r receiver) start(ctx context.Context, dir string, cpus ...int) (p *process, err error) {
	c := exec.CommandContext(ctx, filepath.Join(dir, r.folder), r.args...)
	c.Env, c.Stderr = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", len(cpus))), os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := measure.Pinned(c.Start, cpus...); err != nil {
		return nil, err
	}
	p = &process{Cmd: c, out: bufio.NewReader(out)}
	for !p.addr.IsValid() { // other lines are what a library has to say
		line, err := p.out.ReadString('\n')
		if err != nil {
			measure.Stop(c)
			return nil, fmt.Errorf("%s does not say where it listens: %w", r.name, err)
		}
		p.addr, _ = netip.ParseAddrPort(strings.TrimSpace(line))
	}
	return p, nil
}

// stop ends the receiver and returns how many datagrams it has had.
func (p *process) stop() (packets uint64, err error) {
	time.Sleep(50 * time.Millisecond) // what is in its socket
	_ = p.Process.Signal(unix.SIGTERM)
	kill := time.AfterFunc(5*time.Second, func() { _ = p.Process.Kill() })
	defer kill.Stop()
	rest, err := io.ReadAll(p.out)
	if err != nil {
		return 0, err
	}
	if err := p.Wait(); err != nil {
		return 0, err
	}
	lines := strings.Fields(string(rest))
	if len(lines) == 0 {
		return 0, errors.New("it does not say how many datagrams it has had")
	}
	return strconv.ParseUint(lines[len(lines)-1], 10, 64)
}
