//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The processors of the two sides.
const (
	serverCPU = 0
	clientCPU = 1
)

// A server is a command that listens on an address.
type server struct {
	name    string
	command func(addr string) []string
}

// measured is one run.
type measured struct {
	Requests int64         `json:"requests"`
	Elapsed  time.Duration `json:"elapsed"`
	cpu      time.Duration
}

func (m measured) perRequest() float64 {
	return float64(m.cpu.Nanoseconds()) / 1e3 / float64(m.Requests)
}
func (m measured) busy() float64 { return m.cpu.Seconds() / m.Elapsed.Seconds() }

// start runs the server on a free port and waits until it accepts.
func (s server) start(ctx context.Context) (c *exec.Cmd, addr string, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	addr = ln.Addr().String()
	ln.Close()
	argv := s.command(addr)
	c = exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	if err := pinned(serverCPU, c.Start); err != nil {
		return nil, "", err
	}
	for range 200 {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			nc.Close()
			return c, addr, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop(c)
	return nil, "", fmt.Errorf("%s does not listen on %s", s.name, addr)
}

func stop(c *exec.Cmd) {
	c.Process.Signal(unix.SIGTERM)
	done := time.AfterFunc(5*time.Second, func() { c.Process.Kill() })
	defer done.Stop()
	c.Wait()
}

// pinned calls start with the affinity that a process started there inherits.
func pinned(cpu int, start func() error) error {
	var old, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return err
	}
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cannot use processor %d: %w", cpu, err)
	}
	defer unix.SchedSetaffinity(0, &old)
	return start()
}

func (s server) measure(ctx context.Context, conns, depth int, length time.Duration) (m measured, err error) {
	c, addr, err := s.start(ctx)
	if err != nil {
		return m, err
	}
	defer stop(c)
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	var out bytes.Buffer
	d := exec.CommandContext(ctx, self, "drive", addr, strconv.Itoa(conns), strconv.Itoa(depth), length.String(), strconv.Itoa(c.Process.Pid))
	d.Env = append(os.Environ(), "GOMAXPROCS=1")
	d.Stdout, d.Stderr = &out, os.Stderr
	if err := pinned(clientCPU, d.Start); err != nil {
		return m, err
	}
	if err := d.Wait(); err != nil {
		return m, fmt.Errorf("the client of %s: %w", s.name, err)
	}
	var res driven
	if err := json.Unmarshal(out.Bytes(), &res); err != nil {
		return m, err
	}
	return measured{Requests: res.Requests, Elapsed: res.Elapsed, cpu: res.ServerCPU}, nil
}

// cpuTime is the processor time of all threads of a process, in ticks of 10 ms (proc(5)).
func cpuTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, err := strconv.Atoi(f[11])
	if err != nil {
		return 0, err
	}
	sys, err := strconv.Atoi(f[12])
	return time.Duration(user+sys) * 10 * time.Millisecond, err
}

// resident is the resident memory of a process in MB.
func resident(pid int) (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if rest, ok := strings.CutPrefix(sc.Text(), "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

// memory opens connections and reads the resident memory while they are idle, and after each has had one request answered.
func (s server) memory(ctx context.Context, conns int) (empty, idle, after float64, err error) {
	c, addr, err := s.start(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer stop(c)
	read := func(into *float64) {
		time.Sleep(500 * time.Millisecond)
		if err == nil {
			*into, err = resident(c.Process.Pid)
		}
	}
	read(&empty)
	all := make([]net.Conn, conns)
	for i := range all {
		if all[i], err = net.Dial("tcp", addr); err != nil {
			return 0, 0, 0, err
		}
		defer all[i].Close()
	}
	read(&idle)
	b := make([]byte, message)
	for _, nc := range all {
		if _, err := nc.Write(b); err != nil {
			return 0, 0, 0, err
		}
		if _, err := io.ReadFull(nc, b); err != nil {
			return 0, 0, 0, err
		}
	}
	read(&after)
	return empty, idle, after, err
}

// serveNet is the rival: what a Go programmer writes first.
func serveNet(addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer nc.Close()
			b := make([]byte, 4096)
			for {
				n, err := nc.Read(b)
				if err != nil {
					return
				}
				if _, err := nc.Write(b[:n]); err != nil {
					return
				}
			}
		}()
	}
}
