package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

func TestTheDoctorAgreesWithTheShellAboutDescriptors(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell here")
	}
	out, err := exec.Command(sh, "-c", `ulimit -n 700 && ulimit -n && exec "$0" doctor --json`, binary).Output()
	if err != nil {
		t.Skipf("this system does not let a shell set its limit of descriptors: %v", err)
	}
	limit, report, _ := strings.Cut(string(out), "\n")
	var found []struct{ Name, Value, Verdict, Limits, Advice string }
	if err := json.Unmarshal([]byte(report), &found); err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	for _, f := range found {
		if !strings.HasPrefix(f.Name, "open files") || f.Verdict == "unseen" {
			continue
		}
		if f.Value != limit || f.Verdict != "bad" || !strings.Contains(f.Limits, "about 600 connections") || !strings.Contains(f.Advice, "ulimit -n") {
			t.Errorf("the shell says %s, the doctor %+v", limit, f)
		}
	}
	strict := exec.Command(sh, "-c", `ulimit -n 700 && exec "$0" doctor --strict`, binary)
	if _ = strict.Run(); strict.ProcessState.ExitCode() != exitExpect && strings.Contains(report, `"bad"`) {
		t.Errorf("with --strict the exit status is %d", strict.ProcessState.ExitCode())
	}
}

func TestTheDoctorIsNotStrictUnasked(t *testing.T) {
	if out, msg, status := leat(t, "doctor", "--conns", "1048576"); status != exitOK || !strings.Contains(out, "processors") {
		t.Errorf("status %d: %s%s", status, out, msg)
	}
	if _, msg, status := leat(t, "doctor", "--conns", "0"); status != exitUsage || !strings.Contains(msg, "between 1 and") {
		t.Errorf("status %d: %s", status, msg)
	}
}
