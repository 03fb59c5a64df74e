package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// descendants are the processes that one has started, and those that they have, on Linux.
func descendants(pid int) (pids []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range tasks {
		b, _ := os.ReadFile(path)
		for _, f := range strings.Fields(string(b)) {
			n, _ := strconv.Atoi(f)
			pids = append(append(pids, n), descendants(n)...)
		}
	}
	return pids
}

func TestAnInterruptedComparisonSaysWhatItHasAndLeavesNoProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system does not list the children of a process")
	}
	for _, c := range []struct {
		args      []string
		processes int
	}{
		{[]string{"tcp", "--vary", "workers=0,1"}, 2},           // a server and a load
		{[]string{"proxy", "--vary", "pool=none,pipelined"}, 3}, // and a server behind the proxy
	} {
		for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGKILL} {
			t.Run(c.args[0]+"/"+s.String(), func(t *testing.T) { interrupt(t, c.args, c.processes, s) })
		}
	}
}

// interrupt sends a comparison a signal while it has that many processes.
func interrupt(t *testing.T, args []string, processes int, s os.Signal) {
	var out bytes.Buffer
	p := &process{t: t, cmd: exec.Command(binary, append(append([]string{"compare"}, args...), "--rounds", "500", "--time", "50ms", "--warmup", "10ms")...)}
	p.cmd.Stdout = &out
	temp, err := os.MkdirTemp("", "c") // a process that is killed leaves its sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(temp) })
	p.cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	p.begin(nil)
	p.says("3 of 1000 runs done")
	var pids []int
	for len(pids) < processes {
		pids = descendants(p.cmd.Process.Pid)
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	if s == syscall.SIGINT {
		p.says("interrupted after")
		if status := p.wait(); status != exitFailed || !strings.Contains(out.String(), "throughput (messages/s") {
			t.Errorf("status %d: %s", status, out.String())
		}
	} else {
		p.wait()
	}
	for _, pid := range pids {
		for deadline := time.Now().Add(20 * time.Second); runs(pid); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%v: process %d is still there", s, pid)
			}
		}
	}
}

// The server behind a proxy that is compared is there as long as the process that started it.
func TestABackendEndsWithItsInput(t *testing.T) {
	for mode, say := range map[string]struct{ message, want string }{
		"redis": {"PING\r\n", "+PONG\r\n"}, "frame": {"\x00\x00\x00\x02hi", "\x00\x00\x00\x02hi"},
	} {
		b, err := startBackend(binary, mode)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", b.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, say.message)
		got := make([]byte, len(say.want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != say.want {
			t.Errorf("%s: got %q, %v", mode, got, err)
		}
		if err := b.end(); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// runs says whether a process is there and has not ended.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
