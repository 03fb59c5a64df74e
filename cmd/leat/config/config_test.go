package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
)

// A rig is a command with a flag of each kind.
type rig struct {
	flags    *pflag.FlagSet
	schema   config.Schema
	Listen   string
	Conns    int
	Idle     time.Duration
	Max      int
	Rate     float64
	Fast     bool
	Backends []string
	Password string
}

func newRig() *rig {
	r := &rig{flags: pflag.NewFlagSet("tcp", pflag.ContinueOnError), Max: 64 << 10, Backends: []string{"default"}}
	r.flags.StringVar(&r.Listen, "listen", "default", "")
	r.flags.IntVar(&r.Conns, "max-conns", 1, "")
	r.flags.DurationVar(&r.Idle, "idle", time.Second, "")
	config.SizeVar(r.flags, &r.Max, "max-message", "")
	r.flags.Float64Var(&r.Rate, "rate", 1, "")
	r.flags.BoolVar(&r.Fast, "fast", false, "")
	r.flags.StringSliceVar(&r.Backends, "backend", r.Backends, "")
	config.SecretVar(r.flags, &r.Password, "requirepass", "the password")
	other := pflag.NewFlagSet("udp", pflag.ContinueOnError)
	other.Int("batch", 32, "")
	r.schema = config.Schema{{Name: "tcp", Flags: r.flags}, {Name: "udp", Flags: other}}
	return r
}

func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load parses args and loads a file with the given text, if there is any, and the environment.
func (r *rig) load(t *testing.T, args []string, environ []string, file string) (config.Settings, error) {
	t.Helper()
	if err := r.flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	path := ""
	if file != "" {
		path = write(t, "leat.yaml", file)
	}
	return r.schema.Load(config.Sources{File: path, Environ: environ})
}

func find(t *testing.T, all config.Settings, key string) config.Setting {
	t.Helper()
	for _, s := range all {
		if s.Key == key {
			return s
		}
	}
	t.Fatalf("there is no setting %s in %v", key, all)
	return config.Setting{}
}

func TestAFlagComesBeforeAVariableBeforeTheFileBeforeTheDefault(t *testing.T) {
	kinds := []struct {
		flag, variable                    string
		file, env, arg                    string // as written there
		isDefault, fromFile, fromEnv, set string // as shown
	}{
		{"listen", "LISTEN", "a:1", "b:2", "c:3", "default", "a:1", "b:2", "c:3"},
		{"max-conns", "MAX_CONNS", "2", "3", "4", "1", "2", "3", "4"},
		{"idle", "IDLE", "2s", "3s", "1m30s", "1s", "2s", "3s", "1m30s"},
		{"max-message", "MAX_MESSAGE", "1000", "2KB", "3 MiB", "64KiB", "1KB", "2KB", "3MiB"},
		{"rate", "RATE", ".5", "1.5", "2e3", "1", "0.5", "1.5", "2000"},
		{"fast", "FAST", "true", "false", "true", "false", "true", "false", "true"},
		{"backend", "BACKEND", "[a, b]", "c,d", "e", "[default]", "[a,b]", "[c,d]", "[e]"},
	}
	for _, k := range kinds {
		for mask := range 8 {
			r := newRig()
			var args, environ []string
			file, want, origin := "", k.isDefault, config.FromDefault
			if mask&1 != 0 {
				file = "tcp:\n  " + k.flag + ": " + k.file + "\n"
				want, origin = k.fromFile, config.FromFile
			}
			if mask&2 != 0 {
				environ = []string{"HOME=/", "LEAT_TCP_" + k.variable + "=" + k.env}
				want, origin = k.fromEnv, config.FromEnv
			}
			if mask&4 != 0 {
				args = []string{"--" + k.flag + "=" + k.arg}
				want, origin = k.set, config.FromFlag
			}
			all, err := r.load(t, args, environ, file)
			if err != nil {
				t.Errorf("%s with mask %d: %v", k.flag, mask, err)
				continue
			}
			got := find(t, all, "tcp."+k.flag)
			if got.Value != want || got.Origin != origin || r.flags.Lookup(k.flag).Value.String() != want {
				t.Errorf("%s with mask %d is %q from %s (%s), not %q from %s", k.flag, mask, got.Value, got.Origin, got.From, want, origin)
			}
		}
	}
}

func TestTheOriginNamesThePlace(t *testing.T) {
	r := newRig()
	all, err := r.load(t, []string{"--listen", "x"}, []string{"LEAT_TCP_MAX_CONNS=9"}, "tcp: {idle: 9s}")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"tcp.listen": "--listen", "tcp.max-conns": "LEAT_TCP_MAX_CONNS", "tcp.idle": "leat.yaml", "udp.batch": ""} {
		if got := find(t, all, key).From; filepath.Base(got) != want && got != want {
			t.Errorf("%s is said to come from %q, not %q", key, got, want)
		}
	}
	var b strings.Builder
	if err := all.Of("tcp").WriteText(&b); err != nil || !strings.Contains(b.String(), "env LEAT_TCP_MAX_CONNS") || strings.Contains(b.String(), "udp") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

func TestWhatIsNotKnownIsAnErrorThatNamesTheNearest(t *testing.T) {
	for _, c := range []struct{ env, file, want string }{
		{"", "tcp: {max-cons: 3}", "there is no tcp.max-cons; the nearest is tcp.max-conns"},
		{"", "max-conns: 3", "there is no max-conns; the nearest is tcp.max-conns"},
		{"", "tpc: {max-conns: 3}", "there is no tpc; the nearest is tcp"},
		{"", "udp: {batches: 3}", "there is no udp.batches; the nearest is udp.batch"},
		{"", "tcp.listen: x", "there is no tcp.listen; the nearest is tcp.listen"},
		{"LEAT_TCP_MAXCONNS=3", "", "there is no LEAT_TCP_MAXCONNS; the nearest is LEAT_TCP_MAX_CONNS"},
		{"LEAT_UDP_BUNCH=3", "", "there is no LEAT_UDP_BUNCH; the nearest is LEAT_UDP_BATCH"},
		{"LEAT_TCP_PORT=9000", "", "there is no LEAT_TCP_PORT"},
	} {
		_, err := newRig().load(t, nil, []string{c.env}, c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%s: %v; wanted %q", c.env, c.file, err, c.want)
		}
	}
}

func TestVariablesThatAreNobodysBusinessAreLeftAlone(t *testing.T) {
	environ := []string{
		"LEAT_CYCLES=3", "TCP_LISTEN=x", "LEAT_TCP_NO_VALUE", // the last is not a variable
		"LEAT_TCP_SERVICE_HOST=10.0.0.1", "LEAT_TCP_SERVICE_PORT=8080", "LEAT_TCP_SERVICE_PORT_HTTP=80", "LEAT_TCP_PORT=tcp://10.0.0.1:8080",
		"LEAT_TCP_PORT_8080_TCP=tcp://10.0.0.1:8080", "LEAT_TCP_PORT_8080_TCP_PROTO=tcp", "LEAT_TCP_PORT_8080_TCP_PORT=8080", "LEAT_TCP_PORT_8080_TCP_ADDR=10.0.0.1",
	}
	if _, err := newRig().load(t, nil, environ, ""); err != nil {
		t.Error(err)
	}
}

func TestAValueThatDoesNotFitNamesThePlaceTheKeyAndTheForm(t *testing.T) {
	for _, c := range []struct{ env, file, want string }{
		{"", "tcp: {max-conns: many}", `leat.yaml:1: tcp.max-conns is "many"; wanted a whole number`},
		{"", "tcp: {max-conns: 1.5}", `tcp.max-conns is "1.5"; wanted a whole number`},
		{"", "tcp: {max-conns: [1]}", `tcp.max-conns is "[1]"; wanted a whole number`},
		{"", "tcp: {max-conns: {a: 1}}", `tcp.max-conns is "map[a:1]"; wanted a whole number`},
		{"", "tcp:\n  listen:\n", `tcp.listen has no value; wanted a word`},
		{"", "tcp: {idle: 30}", `tcp.idle is "30"; wanted a duration`},
		{"", "tcp: {fast: maybe}", `tcp.fast is "maybe"; wanted true or false`},
		{"", "tcp: {rate: fast}", `tcp.rate is "fast"; wanted a number`},
		{"", "tcp: {max-message: 64k}", `tcp.max-message is "64k"; wanted a size`},
		{"", "tcp: {backend: {a: 1}}", `tcp.backend is "map[a:1]"; wanted a list`},
		{"", "tcp: 5", `tcp is "5"; wanted the settings of leat tcp`},
		{"", "udp: {batch: x}", `udp.batch is "x"; wanted a whole number`},
		{"LEAT_TCP_MAX_CONNS=", "", `LEAT_TCP_MAX_CONNS is ""; wanted a whole number`},
		{"LEAT_TCP_IDLE=soon", "", `LEAT_TCP_IDLE is "soon"; wanted a duration, such as 500ms`},
	} {
		_, err := newRig().load(t, nil, []string{c.env}, c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%s: %v; wanted %q", c.env, c.file, err, c.want)
		}
	}
}

func TestEverythingThatIsWrongIsSaidAtOnceAlsoWhereAnotherSourceDecides(t *testing.T) {
	_, err := newRig().load(t, []string{"--max-conns", "5"}, []string{"LEAT_TCP_MAX_CONNS=x", "LEAT_TCP_NOPE=1"}, "tcp: {max-conns: y, nope: 1}")
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Fatalf("wanted four lines, not %v", err)
	}
}

func TestAFileThatCannotBeUsedIsRefusedWhole(t *testing.T) {
	bomb := "k: 1\n<<:\n  k:\n  - &0 [x]\n" // of 10^7 nodes, in what the parser drops because k is there
	for i := range 7 {
		bomb += fmt.Sprintf("  - &%d [%s]\n", i+1, strings.Repeat(fmt.Sprintf("*%d, ", i), 10))
	}
	for text, want := range map[string]string{
		"tcp: {":                             "leat.yaml: yaml:",
		"tcp: {idle: 1s}\ntcp: {idle: 2s}":   "already defined",
		"tcp: {idle: 1s}\n---\nudp: {}\n":    "several YAML documents",
		"- a\n- b":                           "leat.yaml: yaml:",
		"tcp: {idle: 1s}\n~: [x]":            "leat.yaml: line 2: a key is empty",
		"<<: {k: &a [*a]}\nk: 1":             "leat.yaml: line 1: an anchor contains itself",
		bomb:                                 "aliases repeat too much",
		strings.Repeat("# comment\n", 1<<17): "too long: the limit is 1MiB",
	} {
		if _, err := newRig().load(t, nil, nil, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v; wanted %q", text, err, want)
		}
	}
	if _, err := newRig().schema.Load(config.Sources{File: t.TempDir()}); err == nil {
		t.Error("a directory is taken for a file")
	}
	if _, err := newRig().schema.Load(config.Sources{File: filepath.Join(t.TempDir(), "gone.yaml")}); err == nil || !strings.Contains(err.Error(), "gone.yaml") {
		t.Errorf("a file that does not exist: %v", err)
	}
}

func TestAFileMayBeEmptyAndBeginLikeADocument(t *testing.T) {
	for _, text := range []string{"\n", "# nothing\n", "---\n", "# one\n---\ntcp:\n", "%YAML 1.1\n---\ntcp: {}\n"} {
		if _, err := newRig().load(t, nil, nil, text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzNoFileMakesLoadPanicOrSetWhatIsNotKnown(f *testing.F) {
	f.Add("tcp: {max-conns: 3, backend: [a, 1, true], idle: 2s, max-message: 1KiB}")
	f.Add("tcp: {requirepass: secret}")
	f.Add("tcp: {requirepass-file: /etc/hostname}")
	f.Add("a: &a [x]\ntcp: {listen: *a}")
	f.Add("1: {2: 3}\n? [x]\n: y")
	f.Add("~: &a [*a]")
	f.Add("<<: {k: &a [*a]}\nk: 1")
	f.Add("tcp:\n  listen: 2001-01-01\n---\n...")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "fuzz.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := newRig()
		all, err := r.schema.Load(config.Sources{File: path})
		if (err == nil) != (all != nil) {
			t.Fatalf("%d settings and the error %v", len(all), err)
		}
		named := slices.ContainsFunc(all, func(s config.Setting) bool { return s.Key == "tcp.requirepass-file" && s.Value != "" })
		if err == nil && r.Password != "" && !named {
			t.Fatal("a secret was taken from the file of the configuration")
		}
	})
}
