package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

// leatIn runs the command to its end with more variables in its environment.
func leatIn(t *testing.T, environ []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, msg bytes.Buffer
	c := exec.CommandContext(t.Context(), binary, args...)
	c.Env = append(os.Environ(), environ...)
	c.Stdout, c.Stderr = &out, &msg
	_ = c.Run() // the status says it
	return out.String(), msg.String(), c.ProcessState.ExitCode()
}

func configFileOf(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "leat.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestACheckShowsWhereEachSettingComesFrom(t *testing.T) {
	path := configFileOf(t, "tcp:\n  max-conns: 100\n  app: upper\n  idle: 5s\n")
	environ := []string{"LEAT_TCP_MAX_CONNS=200", "LEAT_TCP_APP=echo", configFile + "=" + path}
	args := []string{"tcp", "--check", "--max-conns", "300"}
	out, msg, status := leatIn(t, environ, args...)
	if status != exitOK || msg != "" {
		t.Fatalf("status %d: %s", status, msg)
	}
	for _, want := range [][]string{
		{"tcp.max-conns", "300", "flag", "--max-conns"}, {"tcp.app", "echo", "env", "LEAT_TCP_APP"},
		{"tcp.idle", "5s", "file", path}, {"tcp.listen", "127.0.0.1:8080", "default"}, {"tcp.metrics-every", "10s", "default"},
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(want, " ")) {
			t.Errorf("%v is not in\n%s", want, out)
		}
	}

	out, _, status = leatIn(t, environ, append(args, "--json")...)
	var report struct {
		Valid    bool
		Settings []struct{ Key, Value, Origin, From string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || status != exitOK || !report.Valid || len(report.Settings) < 20 {
		t.Fatalf("status %d, %v: %s", status, err, out)
	}
	for _, s := range report.Settings {
		if s.Key == "tcp.max-conns" && (s.Value != "300" || s.Origin != "flag" || s.From != "--max-conns") {
			t.Errorf("%+v", s)
		}
	}
}

func TestACheckFindsWhatIsWrongAndBindsNothing(t *testing.T) {
	for _, c := range []struct {
		environ, args []string
		want          string
	}{
		{nil, []string{"--listen", "nowhere"}, `"nowhere" is not host:port`},
		{nil, []string{"--listen", "127.0.0.1:nosuchservice"}, `is not host:port`},
		{nil, []string{"--listen", "unix:"}, `has no path`},
		{nil, []string{"--by", "mood"}, `no key "mood"`},
		{nil, []string{"--log-level", "loud"}, `no log level "loud"`},
		{nil, []string{"--metrics-every", "-1s"}, "negative"},
		{[]string{"LEAT_TCP_MAX_CONS=1"}, nil, "the nearest is LEAT_TCP_MAX_CONNS"},
		{nil, []string{"--config", configFileOf(t, "tcp: {workers: few}")}, `leat.yaml:1: tcp.workers is "few"; wanted a whole number`},
		{nil, []string{"--config", "/nowhere/leat.yaml"}, "cannot be read"},
	} {
		_, msg, status := leatIn(t, c.environ, append([]string{"tcp", "--check"}, c.args...)...)
		if status != exitUsage || !strings.Contains(msg, c.want) {
			t.Errorf("%v %v: status %d, said %q; wanted %q", c.environ, c.args, status, msg, c.want)
		}
		out, _, status := leatIn(t, c.environ, append([]string{"tcp", "--check", "--json"}, c.args...)...)
		var report struct {
			Valid  bool
			Errors []string
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil || status != exitUsage || report.Valid || !strings.Contains(strings.Join(report.Errors, "\n"), c.want) {
			t.Errorf("%v %v: status %d, %v: %s", c.environ, c.args, status, err, out)
		}
	}
	p := serve(t) // its address is in use, and to check it is no error
	if _, msg, status := leat(t, "tcp", "--check", "--listen", p.address); status != exitOK {
		t.Errorf("status %d: %s", status, msg)
	}
}

func TestAServerRunsWithWhatFileAndEnvironmentSay(t *testing.T) {
	t.Setenv("LEAT_TCP_WORKERS", "2")
	p := serve(t, "--config", configFileOf(t, "tcp: {app: upper, workers: 1}"))
	p.end(os.Interrupt)
	if !strings.Contains(p.said(), `"app":"upper","workers":2`) {
		t.Errorf("it said %s", p.said())
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	const hidden = "correct-horse"
	for _, args := range [][]string{
		{"tcp", "--check"}, {"tcp", "--check", "--json"}, {"tcp", "--check", "--workers", "-1"}, {"tcp", "--check", "--requirepass", hidden},
		{"graph"}, {"tcp", "--help"}, {"tcp", "--requirepass=" + hidden},
	} {
		out, msg, _ := leatIn(t, []string{"LEAT_TCP_REQUIREPASS=" + hidden}, args...)
		if strings.Contains(out+msg, hidden) {
			t.Errorf("leat %v shows it: %s%s", args, out, msg)
		}
	}
	out, _, _ := leatIn(t, []string{"LEAT_TCP_REQUIREPASS=" + hidden}, "tcp", "--check")
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "tcp.requirepass set env LEAT_TCP_REQUIREPASS") {
		t.Errorf("it is not said that there is one: %s", out)
	}
}

func TestTheGraphIsThatOfTheConfiguredServer(t *testing.T) {
	out, msg, status := leat(t, "graph", "--config", configFileOf(t, "tcp: {workers: 3, by: shortest}"))
	if status != exitOK || !strings.Contains(out, "to the shortest") {
		t.Errorf("status %d: %s%s", status, out, msg)
	}
}

func TestTheDefaultsAreThoseOfTheDocumentation(t *testing.T) {
	doc, err := os.ReadFile("../../docs/defaults.md")
	if err != nil {
		t.Fatal(err)
	}
	c := assembly.DefaultTCP()
	if c.Listen != "127.0.0.1:8080" || c.Limits.Read != 30*time.Second || c.Limits.Write != 30*time.Second || c.Limits.Idle != time.Minute || c.Limits.FirstMessage != 10*time.Second {
		t.Errorf("%+v", c)
	}
	for _, row := range []string{
		"| listening address | 127.0.0.1:8080 |", "| read | 30 s ", "| write | 30 s ", "| idle | 60 s ", "| first message | 10 s ", "| connections at a time | 16 384 |",
	} {
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/defaults.md has no row %q", row)
		}
	}
}

func TestTheVersionSaysWhatWasBuilt(t *testing.T) {
	out, _, status := leat(t, "--version")
	if status != exitOK || !strings.HasPrefix(out, "leat version ") || !strings.Contains(out, "go1.") || strings.Count(out, "\n") != 1 {
		t.Errorf("status %d: %q", status, out)
	}
}

func TestTheShellCompletesCommandsAndWords(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{""}, "doctor"}, {[]string{"tcp", "--app", ""}, "upper"}, {[]string{"tcp", "--log-level", ""}, "warn"},
		{[]string{"tcp", "--metrics"}, "--metrics-every"}, {[]string{"graph", "--by", ""}, "shortest"},
	} {
		out, msg, status := leat(t, append([]string{"__complete"}, c.args...)...)
		if status != exitOK || !strings.Contains(out, c.want) {
			t.Errorf("%q: status %d, %q is not in %q; %s", c.args, status, c.want, out, msg)
		}
	}
	if out, _, _ := leat(t, "__complete", "tcp", "--requirepass"); strings.Contains(out, "--requirepass\n") {
		t.Errorf("it offers a flag that it refuses: %s", out)
	}
}
