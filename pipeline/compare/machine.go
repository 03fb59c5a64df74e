package compare

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// A Machine says where and with what a comparison ran.
type Machine struct {
	Processor  string `json:"processor,omitempty"` // as Linux calls it
	Processors int    `json:"processors"`          // that a process may use
	System     string `json:"system"`              // and its architecture
	Kernel     string `json:"kernel,omitempty"`    // of Linux
	Go         string `json:"go"`
	Program    string `json:"program"` // module and version, as far as the build knows them
}

func here() Machine {
	m := Machine{
		Processor: modelName(), Processors: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Kernel: oneLine("/proc/sys/kernel/osrelease"), Go: runtime.Version(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		m.Program = strings.TrimSpace(info.Path + " " + info.Main.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && !strings.Contains(m.Program, s.Value[:min(12, len(s.Value))]) {
				m.Program += " " + s.Value
			}
		}
	}
	return m
}

func oneLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "" // not Linux
	}
	return strings.TrimSpace(string(b))
}

// modelName is the first that /proc/cpuinfo has.
func modelName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "" // not Linux
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
