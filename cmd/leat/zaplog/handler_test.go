package zaplog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/leat-io/leat/cmd/leat/zaplog"
)

func logger(t *testing.T, level, format string) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	l, err := zaplog.New(&b, level, format)
	if err != nil {
		t.Fatal(err)
	}
	return l, &b
}

func TestTheHandlerDoesWhatPackageSlogPromises(t *testing.T) {
	l, b := logger(t, "debug", "json")
	err := slogtest.TestHandler(l.Handler(), func() (all []map[string]any) {
		for line := range bytes.Lines(b.Bytes()) {
			m := map[string]any{}
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			all = append(all, m)
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

func TestEveryKindOfValueIsWrittenAsOneReadsIt(t *testing.T) {
	l, b := logger(t, "info", "json")
	l.Info("kinds", "text", `a "b"`, "int", -1, "uint", uint64(1<<63), "float", .5, "yes", true, "no", false,
		"duration", 90*time.Second, "time", time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC), "error", errors.New("broken"),
		"address", net.IPv4(127, 0, 0, 1), "list", []int{1, 2}, slog.Group("in", "side", 1))
	_, got, _ := strings.Cut(b.String(), `"msg"`)
	want := `:"kinds","text":"a \"b\"","int":-1,"uint":9223372036854775808,"float":0.5,"yes":true,"no":false,` +
		`"duration":"1m30s","time":"2020-01-02T03:04:05.000000006Z","error":"broken","address":"127.0.0.1","list":[1,2],"in":{"side":1}}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLinesBelowTheLevelAreNotWritten(t *testing.T) {
	for i, level := range zaplog.Levels {
		l, b := logger(t, level, "json")
		for _, at := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			l.Log(context.Background(), at, "x")
		}
		if got, want := strings.Count(b.String(), "\n"), len(zaplog.Levels)-i; got != want {
			t.Errorf("of four levels %d are written from %s up, not %d", got, level, want)
		}
	}
}

func TestTheConsoleFormatIsForPeople(t *testing.T) {
	l, b := logger(t, "info", "console")
	l.Warn("careful", "with", "that")
	if got := b.String(); !strings.Contains(got, "WARN\tcareful\t{\"with\": \"that\"}\n") {
		t.Errorf("got %q", got)
	}
}

func TestUnknownWordsAreRefusedWithTheKnownOnes(t *testing.T) {
	if _, err := zaplog.New(nil, "loud", "json"); err == nil || !strings.Contains(err.Error(), "debug, info, warn, error") {
		t.Errorf("level loud: %v", err)
	}
	if _, err := zaplog.New(nil, "info", "xml"); err == nil || !strings.Contains(err.Error(), "json, console") {
		t.Errorf("format xml: %v", err)
	}
}

func TestTheLoggerDoesNotLinkAnHTTPServer(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skipf("there is no go command here: %v", err)
	}
	for dep := range strings.Lines(string(out)) {
		if dep = strings.TrimSpace(dep); dep == "net/http" || dep == "go.uber.org/zap" {
			t.Errorf("it links %s", dep)
		}
	}
}
