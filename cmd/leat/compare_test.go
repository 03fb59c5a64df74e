package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/leat-io/leat/pipeline/compare"
)

// quick are flags of a comparison that tells nothing but whether it works.
var quick = []string{"--rounds", "2", "--time", "100ms", "--warmup", "50ms"}

func TestVariantsAreEveryCombinationOfValues(t *testing.T) {
	page := filepath.Join(t.TempDir(), "report.html")
	args := append([]string{"compare", "tcp", "--vary", "workers=0,2", "--vary", "codec=line,frame", "--app", "upper", "--json", "--html", page,
		"--base", "workers=2 codec=line", "--load", "--conns 4 --depth '4'"}, quick...)
	out, msg, status := leat(t, args...)
	if status != exitOK {
		t.Fatalf("status %d: %s%s", status, msg, out)
	}
	if !strings.Contains(msg, "4 variants × 2 rounds × 150ms: about 4 s\n") || !strings.Contains(msg, "8 of 8 runs done") {
		t.Errorf("it said %s", msg)
	}
	var rep compare.Report
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var names []string
	for _, v := range rep.Variants {
		names = append(names, v.Name)
		if !strings.HasPrefix(v.Detail, "leat tcp --app=upper --codec=") || !strings.Contains(v.Graph, "upper") || len(v.Figures) == 0 {
			t.Errorf("%+v", v)
		}
	}
	if want := []string{"workers=2 codec=line", "workers=0 codec=line", "workers=0 codec=frame", "workers=2 codec=frame"}; !reflect.DeepEqual(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if len(rep.Runs) != 8 || !rep.Complete || rep.Load != "leat load --conns 4 --depth '4'" || !strings.Contains(rep.Commands[0], "'workers=2 codec=line'") {
		t.Errorf("%d runs, complete %v, load %q, commands %q", len(rep.Runs), rep.Complete, rep.Load, rep.Commands)
	}
	for _, m := range rep.Runs {
		if m.Messages == 0 || m.Wrong != 0 {
			t.Errorf("%+v", m)
		}
	}
	wellFormed(t, page)
}

func wellFormed(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

func TestServersOfKeysAndValuesAreComparedEachWithItsJournal(t *testing.T) {
	dir := t.TempDir()
	args := append([]string{"compare", "tcp", "--app", "kv", "--vary", "journal=," + filepath.Join(dir, "j"), "--workers", "1",
		"--load", "--request set --keys 100 --profile 'warm 500 50ms, hold 1000 100ms'"}, quick[:2]...)
	out, msg, status := leat(t, args...)
	if status != exitOK || !strings.Contains(out, "journal="+filepath.Join(dir, "j")) {
		t.Fatalf("status %d: %s%s", status, msg, out)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("journals are left: %v", left)
	}
}

func TestMisuseOfCompareIsAnsweredWithASentence(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, exitUsage, "say what to vary, such as --vary queue=chan,workiva"},
		{[]string{"--vary", "quue=chan,workiva"}, exitUsage, `leat tcp has no flag "quue"; the nearest is queue. It has accept-rate, accept-rate-per-address, app, backlog, batch, by, codec`},
		{[]string{"--vary", "queue"}, exitUsage, "it has no values; wanted queue=value,value"},
		{[]string{"--vary", "queue=chan,morse"}, exitUsage, `the variant queue=morse: there is no queue "morse"; choose chan, ring, block, workiva`},
		{[]string{"--vary", "workers=1,many"}, exitUsage, `--workers is "many"; wanted a whole number`},
		{[]string{"--vary", "workers=1,1"}, exitUsage, `two variants are named "workers=1"`},
		{[]string{"--vary", "workers=1"}, exitUsage, "1 variants are not within 2 and 64"},
		{[]string{"--vary", "workers=1,2", "--vary", "workers=3,4"}, exitUsage, "workers is varied twice"},
		{[]string{"--vary", "workers=1,2", "--workers", "3"}, exitUsage, "--workers is given, too"},
		{[]string{"--vary", "workers=1,2", "--base", "workers=3"}, exitUsage, `no variant "workers=3" to compare with; there are "workers=1", "workers=2"`},
		{[]string{"--vary", "workers=1,2", "--load", "--cons 3"}, exitUsage, "there is no --cons; the nearest is --conns"},
		{[]string{"--vary", "workers=1,2", "--load", "--address x:1"}, exitUsage, "leat compare sets --address itself"},
		{[]string{"--vary", "workers=1,2", "--load", "64"}, exitUsage, `there is "64" where a flag is wanted`},
		{[]string{"--vary", "workers=1,2", "--load", "--profile 'hold"}, exitUsage, "a ' is not closed"},
		{[]string{"--vary", "workers=1,2", "--load", "--profile 'hold 1k 1s'", "--time", "2s"}, exitUsage, "--time and --warmup cannot be given with it"},
		{[]string{"--vary", "workers=1,2", "--rounds", "-1"}, exitUsage, "-1 rounds are not within"},
		{[]string{"--vary", "workers=1,2", "--html", "/nowhere/x.html"}, exitFailed, "/nowhere/x.html"},
		{[]string{"--vary", "workers=1,2", "--load", "--protocol resp"}, exitFailed, "the load of"},
		{[]string{"--vary", "listen=127.0.0.1:0,unix:/nowhere/s"}, exitFailed, "/nowhere/s"},
	} {
		args := append(append([]string{"compare", "tcp"}, quick...), c.args...)
		if out, msg, status := leat(t, args...); status != c.status || !strings.Contains(msg, c.want) {
			t.Errorf("leat %v: status %d, said %q%s; wanted %d and %q", args, status, msg, out, c.status, c.want)
		}
	}
}

func TestFlagsInATextAreSplitAsAShellDoes(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		"  --a 1\t--b  ":               {"--a", "1", "--b"},
		`--a 'b c' --d="e 'f'" ''`:     {"--a", "b c", "--d=e 'f'", ""},
		`--profile 'ramp 0-1k 1s,x 1'`: {"--profile", "ramp 0-1k 1s,x 1"},
	} {
		if got, err := fields(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got := commandLine([]string{"--a", "it's", "b=c", ""}); got != `leat --a 'it'\''s' b=c ''` {
		t.Error(got)
	}
}

func TestWordsOfCompareAreCompleted(t *testing.T) {
	for typed, want := range map[string]string{"queu": "queue=", "queue=": "queue=chan,ring,block,workiva"} {
		if out, msg, _ := leat(t, "__complete", "compare", "tcp", "--vary", typed); !strings.Contains(out, want+"\n") {
			t.Errorf("%s is completed with %q %s", typed, out, msg)
		}
	}
	if out, msg, _ := leat(t, "__complete", "compare", "proxy", "--pool", ""); !strings.Contains(out, "exclusive\n") {
		t.Errorf("--pool of a proxy is completed with %q %s", out, msg)
	}
}
