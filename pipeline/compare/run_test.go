package compare_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline/compare"
)

func run(t *testing.T, name string) (*compare.Report, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := experiments[name]
	return compare.Run(ctx, e.cfg, e.variants...)
}

func TestAVariantThatSleepsIsSlower(t *testing.T) {
	var told []compare.Progress
	e := experiments["sleepy"]
	e.cfg.Progress = func(p compare.Progress) { told = append(told, p) }
	rep, err := compare.Run(t.Context(), e.cfg, e.variants...)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Runs) != 12 || !rep.Complete || len(told) != 13 || told[12].Done != 12 || told[12].Left != 0 || told[0].Left <= 0 {
		t.Errorf("%d runs, complete %v, progress %+v", len(rep.Runs), rep.Complete, told)
	}
	for _, metric := range []string{"throughput", "latency p50"} {
		if f, ok := rep.Variants[1].Figure(metric); !ok || f.Ratio.Verdict != compare.Worse || f.Word(f.Ratio.Verdict) != "slower" || len(f.Values) != 6 {
			t.Errorf("%s: %+v %+v", metric, f, f.Ratio)
		}
	}
	if len(rep.Variants[1].Untrusted) == 0 {
		t.Error("a server that sleeps is no busy server: the row is to be marked")
	}
	for i, m := range rep.Runs {
		if m.Messages == 0 || m.Seconds < .1 || m.Processors == 0 || m.Wrong != 0 || len(m.Latency) == 0 || m.Rate != 0 {
			t.Errorf("run %d: %+v", i, m)
		}
		if runtime.GOOS == "linux" && (m.CPU <= 0 || m.Resident < 1e6 || m.LoadBusy <= 0) {
			t.Errorf("run %d says nothing of its processes: %+v", i, m)
		}
		if want := e.variants["011010010110"[i]-'0'].Name; m.Variant != want || m.Round != i/2+1 { // there, back; back, there; again
			t.Errorf("run %d is of %s in round %d, not of %s", i, m.Variant, m.Round, want)
		}
	}
	for _, v := range rep.Variants {
		if !strings.Contains(v.Graph, "sleep") || len(v.Latency) == 0 {
			t.Errorf("%s: graph %q, %d points", v.Name, v.Graph, len(v.Latency))
		}
	}
}

func TestWhatGoesWrongInAProcessIsSaidInItsWords(t *testing.T) {
	for name, wants := range map[string][]string{
		"stillborn": {`the server of "fails" ended too early`, "exit status 1", "the leat is dry"},
		"mortal":    {`the server of "dies" ended too early`, "exit status 3", "the dam has burst"},
		"hasty":     {`the load of "a" has not called Begin and End once each`},
		"mute":      {`the load of "a" ended too early`, "no message was answered rightly"},
	} {
		rep, err := run(t, name)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v; want %q", name, err, want)
			}
		}
		if rep == nil || len(rep.Runs) != 0 || rep.Complete {
			t.Errorf("%s: %+v", name, rep)
		}
	}
}

// processes returns the numbers that processes have left, once there are as many as wanted.
func processes(t *testing.T, dir string, wanted int) (pids []int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) >= wanted {
			for _, e := range entries {
				pid, err := strconv.Atoi(e.Name())
				if err != nil {
					t.Fatal(err)
				}
				pids = append(pids, pid)
			}
			return pids
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d processes, not %d", len(entries), wanted)
		}
	}
}

func gone(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		for deadline := time.Now().Add(20 * time.Second); alive(pid); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

// alive says whether a process runs. One that nobody has waited for has ended all the same.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil || p.Signal(syscall.Signal(0)) != nil {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// sockets is a folder for temporary files whose name is short: a path of a socket has about a hundred bytes.
func sockets(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestNoProcessIsLeftWhenAComparisonIsCut(t *testing.T) {
	dir, temp := t.TempDir(), sockets(t)
	t.Setenv(notes, dir)
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	var pids []int
	go func() {
		pids = processes(t, dir, 2)
		cancel(enough)
	}()
	e := experiments["long"]
	rep, err := compare.Run(ctx, e.cfg, e.variants...)
	if !errors.Is(err, enough) || rep == nil || rep.Complete {
		t.Errorf("%v, %+v", err, rep)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("sockets are left: %v", left)
	}
}

func TestNoProcessOutlivesTheOneThatStartedIt(t *testing.T) {
	if os.Getenv("COMPARE_TEST_PARENT") != "" {
		_, err := run(t, "long")
		t.Fatal(err) // it is to be killed before
	}
	dir := t.TempDir()
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), "COMPARE_TEST_PARENT=1", notes+"="+dir, "TMPDIR="+sockets(t))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pids := processes(t, dir, 2)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	gone(t, pids)
}

func TestAProgramWithoutMainIsToldSoAndStartsNoOthers(t *testing.T) {
	c := exec.Command(os.Args[0], "-test.run=^TestAVariantThatSleepsIsSlower$")
	c.Env = append(os.Environ(), `LEAT_COMPARE={"comparison":"unknown to TestMain","role":"server"}`)
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Main was not called with its comparison before Run") {
		t.Errorf("%v: %s", err, out)
	}
	for text, want := range map[string]string{
		`{"comparison":"sleepy","role":"server","variant":"lost"}`:  `Main was not given the variant "lost"`,
		`{"comparison":"sleepy","role":"server","variant":"awake"}`: "the process that started this one is gone",
		`nonsense`: "is not what Run sets",
	} {
		c := exec.Command(os.Args[0], "-test.run=^$")
		c.Env = append(os.Environ(), "LEAT_COMPARE="+text)
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v: %s", text, err, out)
		}
	}
}

func TestMisuseIsAnErrorThatSaysAllOfIt(t *testing.T) {
	a := lines("a", 0)
	_, err := compare.Run(t.Context(), compare.Config{Rounds: -1, Duration: time.Hour, Warmup: -5, Bound: 2}, a, a, compare.Variant{})
	for _, want := range []string{"-1 rounds", "duration of 1h0m0s", "warm-up of -5ns", "bound of 2", `two variants are named "a"`,
		"a variant has no name", "has no Open", `"a" has no Load, and Config has none`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if _, err := compare.Run(t.Context(), compare.Config{Load: talk}, a); err == nil || !strings.Contains(err.Error(), "1 variants are not within 2 and 64") {
		t.Errorf("one variant: %v", err)
	}
}

func TestThePlanSaysHowLongItTakes(t *testing.T) {
	cfg := compare.Config{Rounds: 5, Duration: 3 * time.Second, Warmup: compare.NoWarmup}
	if got, want := cfg.Plan(8), "8 variants × 5 rounds × 3s: about 2 min 10 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (compare.Config{Duration: 10 * time.Minute, Rounds: 100}).Plan(2); !strings.HasSuffix(got, "33 h 23 min") {
		t.Error(got)
	}
}

func TestProgressIsALineForEachRun(t *testing.T) {
	var b strings.Builder
	p := compare.Progress{Variant: "a", Round: 1, Rounds: 2, Total: 4, Left: 90 * time.Second}
	compare.ProgressLine(&b, false)(p)
	p.Done, p.Last = 1, &compare.Measurement{Variant: "a", Throughput: 123456, Busy: .5, Processors: 1}
	compare.ProgressLine(&b, true)(p)
	p.Variant = ""
	compare.ProgressLine(&b, true)(p)
	want := "round 1 of 2, 0 of 4 runs done, about 1 min 30 s left\n" +
		"\r\x1b[Ka: 123 456 messages/s, server 50 % of its processor; round 1 of 2, 1 of 4 runs done, about 1 min 30 s left, now a\r\x1b[K"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestPinnedServersAndLoadsHaveAProcessorEach(t *testing.T) {
	e := experiments["sleepy"]
	e.cfg.Pin, e.cfg.Rounds = true, 1
	rep, err := compare.Run(t.Context(), e.cfg, e.variants...)
	if runtime.GOOS != "linux" {
		if err == nil || !strings.Contains(err.Error(), "on Linux only") {
			t.Error(err)
		}
		return
	}
	if runtime.NumCPU() < 2 {
		if err == nil || !strings.Contains(err.Error(), "needs two processors") {
			t.Error(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rep.Runs {
		if m.Processors != 1 || m.LoadProcessors != 1 {
			t.Errorf("%+v", m)
		}
	}
}
