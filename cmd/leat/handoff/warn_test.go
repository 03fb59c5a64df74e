package handoff_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
)

func TestWarningsAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		w := handoff.Warnings{Log: slog.New(slog.NewTextHandler(&b, nil))}
		for range 100 {
			w.Warn("again", "error", "none")
		}
		time.Sleep(time.Second)
		w.Warn("again", "error", "none")
		if n := strings.Count(b.String(), "again"); n != 2 || !strings.Contains(b.String(), `"left out before"=99`) {
			t.Errorf("logged: %s", &b)
		}
	})
}
