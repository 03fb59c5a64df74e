package doctor_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/leat-io/leat/cmd/leat/doctor"
)

type tree = map[string]string

// well is a machine on which nothing is wrong.
var well = tree{
	"proc/self/limits":                                                "Limit  Soft Limit  Hard Limit  Units\nMax open files            1048576              1048576              files     \n",
	"proc/self/cgroup":                                                "0::/system.slice/leat.service\n",
	"proc/self/mountinfo":                                             "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
	"proc/meminfo":                                                    "MemTotal:       32768000 kB\nMemFree: 1 kB\n",
	"proc/swaps":                                                      "Filename\tType\tSize\tUsed\tPriority\n",
	"proc/sys/fs/file-max":                                            "9223372036854775807",
	"proc/sys/fs/file-nr":                                             "2048\t0\t9223372036854775807",
	"proc/sys/kernel/osrelease":                                       "6.8.0-45-generic",
	"proc/sys/net/core/bpf_jit_enable":                                "1",
	"proc/sys/net/core/default_qdisc":                                 "fq_codel",
	"proc/sys/net/core/netdev_max_backlog":                            "1000",
	"proc/sys/net/core/rmem_default":                                  "212992",
	"proc/sys/net/core/rmem_max":                                      "16777216",
	"proc/sys/net/core/somaxconn":                                     "4096",
	"proc/sys/net/core/wmem_max":                                      "16777216",
	"proc/sys/net/ipv4/ip_local_port_range":                           "32768\t60999",
	"proc/sys/net/ipv4/tcp_congestion_control":                        "cubic",
	"proc/sys/net/ipv4/tcp_fin_timeout":                               "60",
	"proc/sys/net/ipv4/tcp_max_syn_backlog":                           "4096",
	"proc/sys/net/ipv4/tcp_rmem":                                      "4096\t131072\t6291456",
	"proc/sys/net/ipv4/tcp_tw_reuse":                                  "1",
	"proc/sys/net/ipv4/tcp_wmem":                                      "4096\t16384\t4194304",
	"sys/class/net/eth0/operstate":                                    "up",
	"sys/class/net/eth1/operstate":                                    "down",
	"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
	"sys/fs/cgroup/system.slice/leat.service/cpu.max":                 "max 100000",
	"sys/fs/cgroup/system.slice/leat.service/memory.max":              "max",
	"sys/kernel/mm/transparent_hugepage/enabled":                      "always [madvise] never",
}

// host is the well machine with some files changed, or taken away when they are empty.
func host(changes ...tree) doctor.Host {
	all := maps.Clone(well)
	for _, c := range changes {
		maps.Copy(all, c)
	}
	root := fstest.MapFS{}
	for name, text := range all {
		if text != "" {
			root[name] = &fstest.MapFile{Data: []byte(text + "\n")}
		}
	}
	return doctor.Host{System: "linux", Root: root, Uring: probe{}, Offloads: offloads{}, CPUs: 4, Procs: 4}
}

// A probe says what it holds.
type probe struct{ err error }

func (p probe) Probe() error { return p.err }

// offloads are the interfaces that lack something.
type offloads map[string]doctor.Offload

func (o offloads) Offload(device string) (doctor.Offload, error) {
	if device == "gone" {
		return doctor.Offload{}, syscall.ENODEV
	}
	if f, ok := o[device]; ok {
		return f, nil
	}
	return doctor.Offload{GRO: true, GSO: true}, nil
}

func find(t *testing.T, found []doctor.Finding, name string) doctor.Finding {
	t.Helper()
	for _, f := range found {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no finding %q", name)
	return doctor.Finding{}
}

// want is part of what is found under a name.
type want struct {
	name          string
	verdict       doctor.Verdict
	value, limits string
	advice        string
}

func check(t *testing.T, found []doctor.Finding, all ...want) {
	t.Helper()
	for _, w := range all {
		f := find(t, found, w.name)
		if f.Verdict != w.verdict || !strings.Contains(f.Value, w.value) || !strings.Contains(f.Limits, w.limits) || !strings.Contains(f.Advice, w.advice) {
			t.Errorf("found %+v\nwanted %+v", f, w)
		}
	}
}

const (
	files = "open files (RLIMIT_NOFILE)"
	quota = "cgroup: processor time"
)

func TestNothingIsWrongWithAMachineThatIsWell(t *testing.T) {
	found := host().Examine(16384)
	for _, f := range found {
		if f.Verdict != doctor.OK || f.Advice != "" || f.Value == "" || f.Limits == "" {
			t.Errorf("%+v", f)
		}
	}
	if doctor.Worst(found) != doctor.OK {
		t.Error("the worst of all that is well is well")
	}
	check(t, found,
		want{files, doctor.OK, "1 048 576", "at most about 1 048 476 connections", ""},
		want{"fs.file-max", doctor.OK, "unlimited", "2 048 are in use", ""},
		want{"net.ipv4.ip_local_port_range", doctor.OK, "32768 to 60999", "28 232 connections", ""},
		want{"net.netfilter.nf_conntrack_max", doctor.OK, "not loaded", "", ""},
		want{"GRO and GSO of eth0", doctor.OK, "on, on", "", ""},
		want{quota, doctor.OK, "no limit", "", ""},
		want{"memory", doctor.OK, "31 GiB, no cgroup limit", "", ""},
	)
	if strings.Contains(fmt.Sprint(found), "eth1") {
		t.Error("an interface that is down was asked")
	}
}

func TestAContainerWithLimitsIsSeenFromInside(t *testing.T) {
	h := host(tree{
		"proc/self/limits":             "Max open files            1024                 4096                 files",
		"proc/self/cgroup":             "0::/",
		"proc/self/mountinfo":          "1 2 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw",
		"sys/fs/cgroup/cpu.max":        "150000 100000",
		"sys/fs/cgroup/cpu.stat":       "usage_usec 5\nnr_periods 100\nnr_throttled 7\nthrottled_usec 9",
		"sys/fs/cgroup/memory.max":     "33554432",
		"proc/sys/net/core/rmem_max":   "212992",
		"proc/sys/net/core/somaxconn":  "128",
		"proc/sys/net/core/wmem_max":   "",
		"proc/sys/fs/file-nr":          "",
		"sys/class/net/eth0/operstate": "unknown",
	})
	h.Uring = probe{os.NewSyscallError("io_uring_setup", syscall.EPERM)}
	found := h.Examine(16384)
	check(t, found,
		want{files, doctor.Bad, "1 024 soft, 4 096 hard", "at most about 924 connections", "ulimit -n 65536"},
		want{quota, doctor.Low, "1.5 processors", "after 38 of 100 ms and then stand still; that happened in 7 of 100 periods", "GOMAXPROCS (4)"},
		want{"memory", doctor.Bad, "31 GiB, cgroup limit 32 MiB", "about 8 430 connections", "GOMEMLIMIT=28MiB"},
		want{"net.core.rmem_max", doctor.Low, "208 KiB", "512 datagrams", "sysctl -w net.core.rmem_max=16777216"},
		want{"net.core.somaxconn", doctor.Low, "128", "", "sysctl -w net.core.somaxconn=4096"},
		want{"net.core.wmem_max", doctor.Unseen, "-", "there is no /proc/sys/net/core/wmem_max here", ""},
		want{"io_uring", doctor.Low, "operation not permitted", "epoll", "seccomp"},
	)
	if doctor.Worst(found) != doctor.Bad {
		t.Errorf("the worst is %s", doctor.Worst(found))
	}
}

func TestTheControlGroupsOfVersion1AreRead(t *testing.T) {
	found := host(tree{
		"proc/self/cgroup": "4:memory:/kubepods/pod1/c1\n1:cpu,cpuacct:/kubepods/pod1/c1\n0::/",
		"proc/self/mountinfo": "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
			"35 31 0:32 /kubepods/pod1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
		"sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/cpu.cfs_quota_us":     "50000",
		"sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/cpu.cfs_period_us":    "100000",
		"sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/c1/cpu.cfs_quota_us":  "-1",
		"sys/fs/cgroup/cpu,cpuacct/kubepods/pod1/c1/cpu.cfs_period_us": "100000",
		"sys/fs/cgroup/memory/c1/memory.limit_in_bytes":                "9223372036854771712",
		"sys/fs/cgroup/memory/memory.limit_in_bytes":                   "1073741824",
	}).Examine(1000)
	check(t, found,
		want{quota, doctor.Bad, "0.5 processors", "after 12 of 100 ms", "whole processors"},
		want{"memory", doctor.OK, "cgroup limit 1024 MiB", "about 269 784 connections", ""},
	)
}

func TestAnOldKernelIsToldWhatItLacks(t *testing.T) {
	h := host(tree{
		"proc/sys/kernel/osrelease":                 "3.10.0-1160.el7.x86_64",
		"proc/sys/net/core/default_qdisc":           "pfifo_fast",
		"proc/sys/net/core/somaxconn":               "100",
		"proc/sys/net/core/bpf_jit_enable":          "0",
		"proc/sys/net/ipv4/tcp_congestion_control":  "bbr",
		"proc/sys/net/ipv4/tcp_tw_reuse":            "0",
		"proc/sys/net/ipv4/ip_local_port_range":     "60000 60999",
		"proc/sys/net/ipv4/tcp_fin_timeout":         "120",
		"proc/sys/net/ipv4/tcp_wmem":                "4096 16384 524288",
		"proc/sys/net/netfilter/nf_conntrack_max":   "65536",
		"proc/sys/net/netfilter/nf_conntrack_count": "60000",
		"proc/swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 2097148 1024 -2",
		"sys/kernel/mm/transparent_hugepage/enabled":                      "[always] madvise never",
		"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet",
	})
	h.Uring = probe{os.NewSyscallError("io_uring_setup", syscall.ENOSYS)}
	h.Offloads = offloads{"eth0": {GSO: true}}
	h.CPUs, h.Procs = 1, 1
	check(t, h.Examine(16384),
		want{"kernel", doctor.Low, "3.10.0", "no UDP_SEGMENT", "5.10"},
		want{"net.core.somaxconn", doctor.Bad, "100", "", "sysctl -w"},
		want{"net.core.bpf_jit_enable", doctor.Low, "0", "interpreted", "sysctl -w net.core.bpf_jit_enable=1"},
		want{"congestion control, qdisc", doctor.Low, "bbr, pfifo_fast", "bursts", "tc qdisc"},
		want{"net.ipv4.tcp_tw_reuse", doctor.Low, "0", "about 16 new connections a second", "sysctl -w net.ipv4.tcp_tw_reuse=1"},
		want{"net.ipv4.ip_local_port_range", doctor.Bad, "60000 to 60999", "1 000 connections", "10240 65535"},
		want{"net.ipv4.tcp_fin_timeout", doctor.Low, "120 s", "", "=30"},
		want{"net.ipv4.tcp_wmem", doctor.Bad, "512 KiB", "13 MB/s over 20 ms", "4096 16384 16777216"},
		want{"net.netfilter.nf_conntrack_max", doctor.Bad, "65 536, of which 60 000 are there", "room for 5 536", "131072"},
		want{"swap", doctor.Low, "2047 MiB, 1024 KiB in use", "", "swapoff"},
		want{"transparent huge pages", doctor.Low, "always", "", "madvise"},
		want{"clock source", doctor.Bad, "hpet", "", "tsc"},
		want{"io_uring", doctor.Low, "not implemented", "", "5.1"},
		want{"GRO and GSO of eth0", doctor.Low, "off, on", "each received segment", "ethtool -K eth0"},
		want{"processors", doctor.Low, "1, GOMAXPROCS 1", "", "--workers 0"},
	)
}

func TestKernelsAreToldApartByTheirVersion(t *testing.T) {
	for release, w := range map[string]doctor.Verdict{
		"2.6.32": doctor.Bad, "3.9": doctor.Low, "4.17.3": doctor.Low, "4.19.0-rc1": doctor.Low, "5.0.1": doctor.Low,
		"5.1": doctor.OK, "6.18.44-fc": doctor.OK, "10.0": doctor.OK,
	} {
		check(t, host(tree{"proc/sys/kernel/osrelease": release}).Examine(1), want{"kernel", w, release, "", ""})
	}
}

func TestWhatKeepsIOUringAwayIsNamed(t *testing.T) {
	for _, c := range []struct {
		errno    syscall.Errno
		disabled string
		advice   string
	}{
		{syscall.EPERM, "2", "sysctl -w kernel.io_uring_disabled=0"},
		{syscall.EPERM, "1", "io_uring_group"},
		{syscall.EPERM, "0", "seccomp"},
		{syscall.EPERM, "", "seccomp"},
		{syscall.ENOMEM, "0", "ulimit -l"},
		{syscall.EINVAL, "0", "invalid argument"},
	} {
		h := host(tree{"proc/sys/kernel/io_uring_disabled": c.disabled})
		h.Uring = probe{c.errno}
		check(t, h.Examine(1), want{"io_uring", doctor.Low, "", "", c.advice})
	}
}

// barred is a tree of which nothing may be read.
type barred struct{ err error }

func (b barred) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: b.err}
}

func TestWhereNothingCanBeReadNothingIsJudged(t *testing.T) {
	for _, c := range []struct {
		system string
		err    error
		reason string
	}{
		{"linux", fs.ErrPermission, "may not be read"},
		{"linux", errors.New("the disk is broken"), "the disk is broken"},
		{"darwin", fs.ErrNotExist, "only Linux shows it; this is darwin"},
	} {
		h := doctor.Host{System: c.system, Root: barred{c.err}, Uring: probe{errors.ErrUnsupported}, Offloads: offloads{}, CPUs: 4, Procs: 4}
		for _, f := range h.Examine(16384) {
			switch f.Name {
			case "processors", "net.netfilter.nf_conntrack_max", "io_uring": // seen without files, or absent and so no limit
				continue
			}
			if f.Verdict != doctor.Unseen || f.Advice != "" || !strings.Contains(f.Limits, c.reason) {
				t.Errorf("on %s, where %v: %+v", c.system, c.err, f)
			}
		}
	}
}

func TestBrokenFilesAreNotTakenForNumbers(t *testing.T) {
	for name := range well {
		for _, text := range []string{"x", "\x00\xff", "-", ":::", "1 2 3 4", strings.Repeat("9", 40), "max", "a - b"} {
			found := host(tree{name: text}).Examine(16384)
			if len(found) < 20 {
				t.Errorf("with %q in %s there are only %d findings", text, name, len(found))
			}
		}
	}
	check(t, host(tree{"proc/sys/net/core/somaxconn": "many"}).Examine(1), want{"net.core.somaxconn", doctor.Unseen, "", `holds "many", which is not a number`, ""})
	check(t, host(tree{"proc/self/limits": "Max processes 1 1"}).Examine(1), want{files, doctor.Unseen, "", "does not name open files", ""})
	check(t, host(tree{"proc/self/limits": "Max open files unlimited unlimited files"}).Examine(1), want{files, doctor.OK, "unlimited", "", ""})
}

func TestInterfacesThatAreTooManyOrGoneAreSaid(t *testing.T) {
	many := tree{"sys/class/net/eth0/operstate": "", "sys/class/net/gone/operstate": "up"}
	for i := range 10 {
		many[fmt.Sprintf("sys/class/net/veth%d/operstate", i)] = "up"
	}
	check(t, host(many).Examine(1),
		want{"GRO and GSO of gone", doctor.Unseen, "-", "no such device", ""},
		want{"GRO and GSO", doctor.Unseen, "-", "3 more interfaces", ""})
}

func TestTheTextNamesEveryFindingAndWhatToDo(t *testing.T) {
	found := host(tree{"proc/sys/net/core/somaxconn": "100"}).Examine(16384)
	var b strings.Builder
	if err := doctor.WriteText(&b, found); err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(b.String()))
	if len(lines) != len(found)+3 || !strings.Contains(lines[len(lines)-1], "sysctl -w net.core.somaxconn=4096") {
		t.Errorf("%d findings in %d lines:\n%s", len(found), len(lines), b.String())
	}
	b.Reset()
	if err := doctor.WriteText(&b, host().Examine(1)); err != nil || strings.Contains(b.String(), "What to do") {
		t.Errorf("there is nothing to do: %v\n%s", err, b.String())
	}
}
