package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/bench"
)

func TestTheNodesOfAnAssemblyAreListed(t *testing.T) {
	out, msg, status := leat(t, "bench", "tcp", "--app", "kv", "--workers", "1", "--journal", "anything", "--list")
	if status != exitOK {
		t.Fatalf("status %d: %s", status, msg)
	}
	var names []string
	for line := range strings.Lines(out) {
		names = append(names, strings.Join(strings.Fields(line), "-"))
	}
	want := "decode-stage session-stage data-branch by-key-shard commands-stage record-tee changes-stage journal-sink merge-merge reply-sink"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("it lists %s, not %s", got, want)
	}
	out, _, status = leat(t, "bench", "tcp", "--list", "--json")
	if want := `[{"name":"decode","kind":"stage"},{"name":"reply","kind":"sink"}]` + "\n"; status != exitOK || out != want {
		t.Errorf("status %d: it lists %s", status, out)
	}
}

func TestNodesAreMeasuredInTheFormatThatIsAskedFor(t *testing.T) {
	brief := []string{"bench", "tcp", "--app", "upper", "--workers", "2", "--record", "128", "--batch", "1,64", "--time", "1ms", "--count", "2", "upper"}
	out, msg, status := leat(t, append(brief, "--json")...)
	var res bench.Result
	if err := json.Unmarshal([]byte(out), &res); status != exitOK || err != nil {
		t.Fatalf("status %d, %v: %s%s", status, err, msg, out)
	}
	if res.Assembly != "tcp" || len(res.Nodes) != 1 || res.Nodes[0].Name != "upper" || len(res.Nodes[0].Cells) != 2 {
		t.Errorf("it measures %+v", res)
	}
	for format, line := range map[string]string{"go": "BenchmarkNode/node=upper/batch=64 ", "text": "upper  stage "} {
		out, msg, status = leat(t, append(brief, "--format", format)...)
		if status != exitOK || !strings.Contains(out, line) {
			t.Errorf("%s: status %d: %s%s", format, status, msg, out)
		}
	}
}

func TestABenchmarkThatIsNotUnderstoodSaysWhatThereIs(t *testing.T) {
	for _, c := range []struct {
		args string
		says string
	}{
		{"bench", "say which assembly; choose tcp"},
		{"bench pigeon", `there is no assembly "pigeon"; choose tcp`},
		{"bench tcp nest", `there is no node "nest"; choose "decode", "reply"`},
		{"bench tcp tcp", `"tcp" is a source, which is given nothing; choose "decode", "reply"`},
		{"bench tcp --batch 0", "a batch must have between 1 and 65536 messages, not 0"},
		{"bench tcp --format xml", `there is no format "xml"; choose text, go`},
		{"bench tcp --format go --json", "--format go and --json are two formats"},
		{"bench tcp --app kv --workers 2 --journal x", "it works with 1 worker, not with 2"},
		{"bench tcp --conns 0", "must be at least 1, not 0, 16, 64"},
	} {
		out, msg, status := leat(t, strings.Fields(c.args)...)
		if status != exitUsage || !strings.Contains(msg, c.says) || out != "" {
			t.Errorf("%s: status %d: %s%s", c.args, status, msg, out)
		}
	}
}
