//go:build linux

// Package measure runs servers on a processor of their own and says what they use.
package measure

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The processors of the two sides.
const (
	ServerCPU = 0
	ClientCPU = 1
)

// A Server is a command that listens on an address.
type Server struct {
	Name    string
	Command func(addr string) []string
	Prepare func(addr string) error // called before Command, to write a file that it names; nil for nothing
	CPUs    []int                   // that it may use, each with a thread of Go; ServerCPU when there are none
}

// Leat builds the command, from the folder of the benchmarks, and returns its path and what removes it.
func Leat(ctx context.Context) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "leat-bench")
	if err != nil {
		return "", nil, err
	}
	path, remove = filepath.Join(dir, "leat"), func() { _ = os.RemoveAll(dir) }
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/leat")
	build.Dir, build.Stderr, build.Env = "..", os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		remove()
		return "", nil, fmt.Errorf("building leat, from the folder benchmarks: %w", err)
	}
	return path, remove, nil
}

// Start runs the server on a free port and waits until it accepts.
func (s Server) Start(ctx context.Context) (c *exec.Cmd, addr string, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	addr = ln.Addr().String()
	ln.Close()
	if s.Prepare != nil {
		if err := s.Prepare(addr); err != nil {
			return nil, "", fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	argv := s.Command(addr)
	c = exec.CommandContext(ctx, argv[0], argv[1:]...)
	cpus := s.CPUs
	if len(cpus) == 0 {
		cpus = []int{ServerCPU}
	}
	c.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", len(cpus)))
	if err := Pinned(c.Start, cpus...); err != nil {
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
	Stop(c)
	return nil, "", fmt.Errorf("%s does not listen on %s", s.Name, addr)
}

// Stop ends a server, and kills it when it takes longer than 5 s.
func Stop(c *exec.Cmd) {
	_ = c.Process.Signal(unix.SIGTERM) // it may have ended by itself
	done := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
	defer done.Stop()
	_ = c.Wait() // says how it was ended
}

// Pinned calls start with the affinity that a process started there inherits.
func Pinned(start func() error, cpus ...int) (err error) {
	runtime.LockOSThread() // affinity is the thread's
	defer runtime.UnlockOSThread()
	var old, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return err
	}
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cannot use processors %v: %w", cpus, err)
	}
	defer func() { err = errors.Join(err, unix.SchedSetaffinity(0, &old)) }()
	return start()
}

// CPUTime is the processor time that all threads of a process have had, user and system, in nanoseconds: the scheduler's own
// count, where /proc/PID/stat has ticks of 10 ms. The number of the clock is that of clock_getcpuclockid(3).
func CPUTime(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED of linux/posix-timers_types.h
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &t); err != nil {
		return 0, fmt.Errorf("the processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// Resident is the resident memory of a process in MB.
func Resident(pid int) (float64, error) {
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

// Median of figures of runs.
func Median[T any](runs []T, f func(T) float64) float64 {
	var v []float64
	for _, r := range runs {
		v = append(v, f(r))
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
