package doctor

import (
	"fmt"
	"strings"
)

// timeWaitSeconds is for how long the side that closes first keeps the ports of a connection (TCP_TIMEWAIT_LEN in the
// kernel's include/net/tcp.h; it cannot be set).
const timeWaitSeconds = 60

func (x *examination) portRange() {
	const name = "net.ipv4.ip_local_port_range"
	n, err := x.numbers(setting(name), 2)
	if err != nil {
		x.unseen(name, err)
		return
	}
	ports := max(n[1]-n[0]+1, 0)
	x.add(Finding{
		Name: name, Value: fmt.Sprintf("%d to %d", n[0], n[1]),
		Limits:  fmt.Sprintf("%s connections at a time from one address to one destination (a backend of a proxy, a target of leat load)", count(ports)),
		Verdict: grade(ports, 5000, 25000), // 28 232 is what Linux gives
		Advice:  "sysctl -w net.ipv4.ip_local_port_range='10240 65535'",
	})
}

func (x *examination) timeWait() {
	const reuse, fin = "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_fin_timeout"
	if n, err := x.numbers(setting(reuse), 1); err != nil {
		x.unseen(reuse, err)
	} else {
		f := Finding{Name: reuse, Value: count(n[0]), Verdict: Low, Advice: "sysctl -w net.ipv4.tcp_tw_reuse=1, for a proxy or leat load that opens many connections to other machines"}
		each := fmt.Sprintf("who closes first keeps the port for %d s%s", timeWaitSeconds, x.turnover())
		switch n[0] {
		case 0:
			f.Limits = each
		case 1:
			f.Verdict, f.Limits = OK, "ports in TIME-WAIT serve again after a second, for connections that this machine opens"
		default:
			f.Limits = each + ", but for loopback"
		}
		x.add(f)
	}
	n, err := x.numbers(setting(fin), 1)
	if err != nil {
		x.unseen(fin, err)
		return
	}
	x.add(Finding{
		Name: fin, Value: fmt.Sprintf("%d s", n[0]),
		Limits:  fmt.Sprintf("a connection that was closed here and not by its peer costs the kernel memory for %d s", n[0]),
		Verdict: grade(-n[0], -300, -60), Advice: "sysctl -w net.ipv4.tcp_fin_timeout=30",
	})
}

// turnover is how many connections a second the ports suffice for.
func (x *examination) turnover() string {
	n, err := x.numbers(setting("net.ipv4.ip_local_port_range"), 2)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(": about %s new connections a second to one destination", count((n[1]-n[0]+1)/timeWaitSeconds))
}

// windows looks at how far TCP may open its windows. About half of a buffer is window: the rest is what the kernel needs to
// manage it (tcp_adv_win_scale 1, ip-sysctl.rst).
func (x *examination) windows() {
	for _, name := range []string{"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"} {
		n, err := x.numbers(setting(name), 3)
		if err != nil {
			x.unseen(name, err)
			continue
		}
		x.add(Finding{
			Name: name, Value: fmt.Sprintf("%s, %s, %s", size(n[0]), size(n[1]), size(n[2])),
			Limits:  fmt.Sprintf("one connection carries at most about %s MB/s over 20 ms", count(n[2]/2/20/1000)),
			Verdict: grade(n[2], 1<<20, 4<<20),
			Advice:  fmt.Sprintf("sysctl -w %s='%d %d %d'", name, n[0], n[1], 16<<20),
		})
	}
}

func (x *examination) congestion() {
	const name = "congestion control, qdisc"
	control, err := x.text(setting("net.ipv4.tcp_congestion_control"))
	if err != nil {
		x.unseen(name, err)
		return
	}
	qdisc, err := x.text(setting("net.core.default_qdisc"))
	if err != nil {
		qdisc = "unknown qdisc"
	}
	f := Finding{Name: name, Value: control + ", " + qdisc, Verdict: OK, Limits: "how fast connections over a network with losses become"}
	switch {
	case control == "reno":
		f.Verdict, f.Advice = Low, "sysctl -w net.ipv4.tcp_congestion_control=cubic, or bbr where packets are lost without congestion"
		f.Limits = "after a loss a connection of a long path takes minutes to be fast again"
	case strings.HasPrefix(control, "bbr") && qdisc != "fq" && x.older(4, 13):
		f.Verdict, f.Advice = Low, "tc qdisc replace dev eth0 root fq, on each interface"
		f.Limits = "before Linux 4.13 bbr paces nothing by itself; without fq it sends in bursts"
	}
	x.add(f)
}

func (x *examination) conntrack() {
	const name = "net.netfilter.nf_conntrack_max"
	limit, err := x.numbers(setting(name), 1)
	if err != nil {
		if x.System != "linux" {
			x.unseen(name, err)
			return
		}
		x.add(Finding{Name: name, Value: "not loaded", Verdict: OK, Limits: "no table of connections that could be full"})
		return
	}
	used, have := "", limit[0]
	if n, err := x.numbers(setting("net.netfilter.nf_conntrack_count"), 1); err == nil {
		used, have = fmt.Sprintf(", of which %s are there", count(n[0])), max(limit[0]-n[0], 0)
	}
	x.add(Finding{
		Name: name, Value: count(limit[0]) + used,
		Limits:  fmt.Sprintf("room for %s more connections, those that ended in the last minutes included; packets of others are dropped", count(have)),
		Verdict: grade(have, int64(x.conns), 2*int64(x.conns)),
		Advice: fmt.Sprintf("sysctl -w %s=%d, or take the server's port out of connection tracking (iptables -t raw ... -j CT --notrack)",
			name, roundUp(4*int64(x.conns)+limit[0]-have)),
	})
}
