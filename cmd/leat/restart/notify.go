package restart

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify tells the service manager how things stand, if there is one that wants to know (sd_notify(3)).
func notify(log *slog.Logger, states ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(states, "\n")); err != nil {
		log.Warn("the service manager could not be told", "state", states[0], "error", err)
	}
}

// Reloading tells the service manager that the configuration is read again. The function that it returns says that this is done.
func Reloading(log *slog.Logger) (done func()) {
	notify(log, daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	return func() { notify(log, daemon.SdNotifyReady) }
}

// watched is how often the service manager wants to hear that all is well, or never.
func watched(log *slog.Logger) (tick <-chan time.Time, stop func()) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog of the service manager is not served", "error", err)
	}
	if every <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(max(every/2, time.Millisecond)) // as sd_watchdog_enabled(3) recommends
	return t.C, t.Stop
}

func mainPID(pid int) string { return fmt.Sprintf("MAINPID=%d", pid) }
