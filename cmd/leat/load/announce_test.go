package load

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheBeginAndTheEndOfWhatCountsAreAnnounced(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"a duration": {Config{Rate: 1000, Warmup: time.Second, Duration: 2 * time.Second}, "begin 1s, end 3s"},
		"requests":   {Config{Rate: 1000, Requests: 500}, "begin 0s, end 500ms"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []string
				var began time.Time
				tell := func(what string) func() {
					return func() {
						if len(told) == 0 {
							began = time.Now().Add(-c.cfg.Warmup)
						}
						told = append(told, what+" "+time.Since(began).Round(10*time.Millisecond).String())
					}
				}
				cfg := c.cfg
				cfg.Begin, cfg.End = tell("begin"), tell("end")
				cfg.Address, cfg.Dial = "pipe", pipes(echo)
				res := mustRun(t, cfg)
				if got := strings.Join(told, ", "); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				if res.OK == 0 {
					t.Errorf("got %+v", res)
				}
			})
		})
	}
}
