//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/internal/veth"
)

// A role is what one of the two sides is told.
type role struct {
	Engine string
	Sender string
	Iface  string
	Index  int
	SrcMAC [6]byte
	DstMAC [6]byte
	From   string // address
	To     string // address and port
	Rate   int
	Length time.Duration
	Size   int
	Flows  int
	Batch  int
}

// An outcome is what the two sides say, and what was seen of them.
type outcome struct {
	Sent, Received, Gaps uint64
	Seconds              float64
	Gauges               []string

	busy, process float64 // parts of the receiving processor
	processors    int
}

const port = 9000

// pair runs a receiver and a sender.
func pair(ctx context.Context, o options, engine string) (r outcome, err error) {
	near, far, err := veth.New()
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, near.Close(), far.Close()) }()
	if err := near.SpreadReceiving("1"); err != nil { // the mask of measure.ServerCPU
		return r, err
	}
	told := role{
		Engine: engine, Sender: o.sender, Iface: near.Iface, Index: far.Index, SrcMAC: far.MAC, DstMAC: near.MAC,
		From: far.IP4.String(), To: near.Addr4(port).String(), Rate: o.rate, Length: o.length, Size: o.size, Flows: o.flows, Batch: o.batch,
	}
	receiver, err := start(ctx, near, receiveRole, told, measure.ServerCPU)
	if err != nil {
		return r, err
	}
	defer receiver.stop()
	if _, err := receiver.out.ReadString('\n'); err != nil { // it is ready
		return r, fmt.Errorf("the receiver has not begun: %w", err)
	}
	if engine == "xdp" { // whose program comes before packets are steered
		if err := near.ReceiveOn(measure.ServerCPU); err != nil {
			return r, err
		}
	}
	sender, err := start(ctx, far, sendRole, told, measure.ClientCPU)
	if err != nil {
		return r, err
	}
	defer sender.stop()
	if _, err := sender.out.ReadString('\n'); err != nil {
		return r, fmt.Errorf("the sender has not begun: %w", err)
	}
	began := time.Now()
	idle, err := idleTime(measure.ServerCPU)
	if err != nil {
		return r, err
	}
	used, err := measure.CPUTime(receiver.Process.Pid)
	if err != nil {
		return r, err
	}
	if err := json.NewDecoder(sender.out).Decode(&r); err != nil { // what it has sent, when it has
		return r, err
	}
	took := time.Since(began).Seconds()
	idleNow, err := idleTime(measure.ServerCPU)
	if err != nil {
		return r, err
	}
	usedNow, err := measure.CPUTime(receiver.Process.Pid)
	if err != nil {
		return r, err
	}
	r.busy, r.process, r.processors = 1-(idleNow-idle).Seconds()/took, (usedNow-used).Seconds()/took, runtime.NumCPU()
	time.Sleep(200 * time.Millisecond) // what is under way
	if err := receiver.Process.Signal(os.Interrupt); err != nil {
		return r, err
	}
	var got outcome
	err = json.NewDecoder(receiver.out).Decode(&got)
	r.Received, r.Gaps, r.Gauges = got.Received, got.Gaps, got.Gauges
	return r, err
}

// A side is one of the two processes.
type side struct {
	*exec.Cmd
	out *bufio.Reader
}

func (s side) stop() {
	_ = s.Process.Kill() // it has ended, unless something has failed
	_ = s.Wait()
}

// start runs this program again on a host, on one processor.
func start(ctx context.Context, h *veth.Host, as string, told role, cpu int) (s side, err error) {
	b, err := json.Marshal(told)
	if err != nil {
		return s, err
	}
	s.Cmd = exec.CommandContext(ctx, os.Args[0], as, string(b))
	s.Stderr, s.Env = os.Stderr, append(os.Environ(), "GOMAXPROCS=1")
	out, err := s.StdoutPipe()
	if err != nil {
		return s, err
	}
	s.out = bufio.NewReader(out)
	h.Do(func() { err = measure.Pinned(s.Start, cpu) })
	return s, err
}

// idleTime is how long a processor has had nothing to do, in ticks of 10 ms (/proc/stat).
func idleTime(cpu int) (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if words[0] != fmt.Sprint("cpu", cpu) {
			continue
		}
		idle, err := strconv.Atoi(words[4])
		return time.Duration(idle) * 10 * time.Millisecond, err
	}
	return 0, fmt.Errorf("there is no processor %d", cpu)
}
