package doctor

import (
	"fmt"
	"slices"
	"strings"
)

func (x *examination) processors() {
	f := Finding{
		Name: "processors", Value: fmt.Sprintf("%d, GOMAXPROCS %d", x.CPUs, x.Procs), Verdict: OK,
		Limits: fmt.Sprintf("%d lanes run at a time", x.Procs),
	}
	switch {
	case x.Procs == 1:
		f.Verdict, f.Limits, f.Advice = Low, "one lane runs at a time: a queue between lanes adds cost and no speed", "give the process a second processor, or run with --workers 0"
	case x.Procs > x.CPUs:
		f.Verdict, f.Limits, f.Advice = Low, "lanes take processors away from each other in the middle of a batch", "unset GOMAXPROCS"
	}
	x.add(f)
}

// quota looks at how much processor time a container may use.
func (x *examination) quota() {
	const name = "cgroup: processor time"
	g, err := x.cgroup("cpu")
	if err != nil {
		x.unseen(name, err)
		return
	}
	cpus, err := x.cpuQuota(g)
	if err != nil {
		x.unseen(name, err)
		return
	}
	if cpus == 0 {
		x.add(Finding{Name: name, Value: "no limit", Verdict: OK, Limits: "the process is never throttled"})
		return
	}
	verdict := OK
	switch {
	case cpus < 1:
		verdict = Bad
	case cpus < float64(x.Procs):
		verdict = Low
	}
	x.add(Finding{
		Name: name, Value: fmt.Sprintf("%.2g processors", cpus), Verdict: verdict,
		Limits: fmt.Sprintf("%d lanes that are busy at once use it up after %.0f of 100 ms and then stand still%s", x.Procs, 100*min(cpus/float64(x.Procs), 1), x.throttled(g)),
		Advice: fmt.Sprintf("give the container whole processors, and not fewer than GOMAXPROCS (%d): docker --cpus, limits.cpu in Kubernetes", x.Procs),
	})
}

// throttled is how often the quota was used up so far.
func (x *examination) throttled(g []string) string {
	for _, dir := range g {
		s, err := x.text(dir + "/cpu.stat")
		if err != nil {
			continue
		}
		var periods, times string
		for line := range strings.Lines(s) {
			switch w := strings.Fields(line); {
			case len(w) == 2 && w[0] == "nr_periods":
				periods = w[1]
			case len(w) == 2 && w[0] == "nr_throttled":
				times = w[1]
			}
		}
		if times != "" && times != "0" {
			return fmt.Sprintf("; that happened in %s of %s periods so far", times, periods)
		}
	}
	return ""
}

// slowClocks are sources of time that cannot be read in user space: each reading is a system call, and some wait for a chip.
var slowClocks = []string{"acpi_pm", "hpet", "jiffies", "pit", "refined-jiffies", "xen"}

func (x *examination) clock() {
	const name = "clock source"
	s, err := x.text("sys/devices/system/clocksource/clocksource0/current_clocksource")
	if err != nil {
		x.unseen(name, err)
		return
	}
	f := Finding{Name: name, Value: s, Verdict: OK, Limits: "the time is read in user space, in tens of nanoseconds"}
	if slices.Contains(slowClocks, s) {
		f.Verdict, f.Limits = Bad, "each reading of the time is a system call, of half a microsecond or more"
		f.Advice = "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, if available_clocksource there names it"
	}
	x.add(f)
}
