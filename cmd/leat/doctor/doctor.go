// Package doctor looks at what limits a server on this machine: limits of the process, settings of the kernel, what a
// container allows. For each it says the value, what follows from it for connections or packets, and what to do about it.
//
//	for _, f := range doctor.Here().Examine(16384) {
//		fmt.Println(f.Verdict, f.Name, f.Value, f.Limits, f.Advice)
//	}
//
// It changes nothing. What it reads comes from one tree of files, so that tests can show it other machines.
package doctor

import "io/fs"

// A Verdict says whether a value is enough.
type Verdict string

// The verdicts, from the best to the worst. Unseen is none: the value cannot be had here.
const (
	OK     Verdict = "ok"
	Unseen Verdict = "unseen"
	Low    Verdict = "low" // it works, and something becomes slower or smaller than it could be
	Bad    Verdict = "bad" // the server will fail at what it is meant to do
)

// A Finding is one limit.
type Finding struct {
	Name    string  `json:"name"`
	Value   string  `json:"value"`
	Verdict Verdict `json:"verdict"`
	Limits  string  `json:"limits"`           // what follows from the value
	Advice  string  `json:"advice,omitempty"` // a command, or a sentence; empty when all is well
}

// A Host is a machine to look at.
type Host struct {
	System   string // as runtime.GOOS names it
	Root     fs.FS  // its files: proc/..., sys/...
	Uring    Prober
	Offloads Offloads
	CPUs     int // that the process may use
	Procs    int // GOMAXPROCS
}

// A Prober tries whether a facility of the kernel can be used.
type Prober interface {
	Probe() error // nil when it works, else what the kernel says
}

// Offloads asks a network interface what it does with trains of segments.
type Offloads interface {
	Offload(device string) (Offload, error)
}

// An Offload is what an interface and its driver do for many packets at once.
type Offload struct {
	GRO bool // received segments are joined before the stack sees them
	GSO bool // segments to be sent cross the stack as one
}

// examination is one look at a host.
type examination struct {
	Host
	conns int
	found []Finding
}

// checks are in the order in which one would ask: what ends a server first stands first.
var checks = []func(*examination){
	(*examination).descriptors,
	(*examination).systemFiles,
	(*examination).sysctls,
	(*examination).portRange,
	(*examination).timeWait,
	(*examination).windows,
	(*examination).congestion,
	(*examination).offloads,
	(*examination).conntrack,
	(*examination).processors,
	(*examination).quota,
	(*examination).memory,
	(*examination).hugePages,
	(*examination).swap,
	(*examination).clock,
	(*examination).kernel,
	(*examination).uring,
}

// Examine looks at everything, with a server of so many connections in mind.
func (h Host) Examine(conns int) []Finding {
	x := &examination{Host: h, conns: conns}
	for _, check := range checks {
		check(x)
	}
	return x.found
}

// add notes a finding. What is well needs no advice.
func (x *examination) add(f Finding) {
	if f.Verdict == OK {
		f.Advice = ""
	}
	x.found = append(x.found, f)
}

// unseen notes that a value cannot be had, and why.
func (x *examination) unseen(name string, err error) {
	x.add(Finding{Name: name, Value: "-", Verdict: Unseen, Limits: x.reason(err)})
}

// grade is OK from enough up, and Bad below little.
func grade(have, little, enough int64) Verdict {
	switch {
	case have >= enough:
		return OK
	case have >= little:
		return Low
	}
	return Bad
}
