//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A server is one side of the comparison.
type server struct{ measure.Server }

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

func (s server) measure(ctx context.Context, conns, depth int, length time.Duration) (m measured, err error) {
	c, addr, err := s.Start(ctx)
	if err != nil {
		return m, err
	}
	defer measure.Stop(c)
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	var out bytes.Buffer
	d := exec.CommandContext(ctx, self, "drive", addr, strconv.Itoa(conns), strconv.Itoa(depth), length.String(), strconv.Itoa(c.Process.Pid))
	d.Env = append(os.Environ(), "GOMAXPROCS=1")
	d.Stdout, d.Stderr = &out, os.Stderr
	if err := measure.Pinned(d.Start, measure.ClientCPU); err != nil {
		return m, err
	}
	if err := d.Wait(); err != nil {
		return m, fmt.Errorf("the client of %s: %w", s.Name, err)
	}
	var res driven
	if err := json.Unmarshal(out.Bytes(), &res); err != nil {
		return m, err
	}
	return measured{Requests: res.Requests, Elapsed: res.Elapsed, cpu: res.ServerCPU}, nil
}

// memory opens connections and reads the resident memory while they are idle, and after each has had one request answered.
func (s server) memory(ctx context.Context, conns int) (empty, idle, after float64, err error) {
	c, addr, err := s.Start(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer measure.Stop(c)
	read := func(into *float64) {
		time.Sleep(500 * time.Millisecond)
		if err == nil {
			*into, err = measure.Resident(c.Process.Pid)
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

// serveNet is the rival: what a Go programmer writes first, on plain TCP: a listener of Multipath TCP, which package net
// opens by itself, costs a few per cent.
func serveNet(addr string) error {
	var cfg net.ListenConfig
	cfg.SetMultipathTCP(false)
	ln, err := cfg.Listen(context.Background(), "tcp", addr)
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
