package doctor

import (
	"fmt"
	"io/fs"
	"strings"
)

// maxDevices is how many interfaces are asked: a host of many containers has hundreds.
const maxDevices = 8

// offloads looks at the interfaces that are up.
func (x *examination) offloads() {
	const name = "GRO and GSO"
	entries, err := fs.ReadDir(x.Root, "sys/class/net")
	if err != nil {
		x.unseen(name, err)
		return
	}
	up := 0
	for _, e := range entries {
		state, err := x.text("sys/class/net/" + e.Name() + "/operstate")
		if err != nil || state != "up" && state != "unknown" { // loopback and tunnels do not know
			continue
		}
		if up++; up <= maxDevices {
			x.offload(name+" of "+e.Name(), e.Name())
		}
	}
	if up > maxDevices {
		x.add(Finding{Name: name, Value: "-", Verdict: Unseen, Limits: fmt.Sprintf("%d more interfaces were not asked", up-maxDevices)})
	}
}

func (x *examination) offload(name, device string) {
	o, err := x.Offloads.Offload(device)
	if err != nil {
		x.unseen(name, err)
		return
	}
	f := Finding{Name: name, Value: onOff(o.GRO) + ", " + onOff(o.GSO), Verdict: OK, Limits: "trains of segments cross the stack as one"}
	var off []string
	if !o.GRO {
		off = append(off, "received")
	}
	if !o.GSO {
		off = append(off, "sent")
	}
	if len(off) > 0 {
		f.Verdict, f.Advice = Low, fmt.Sprintf("ethtool -K %s gro on gso on", device)
		f.Limits = fmt.Sprintf("each %s segment crosses the stack alone, which costs several times the CPU on bulk data", strings.Join(off, " or "))
	}
	x.add(f)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
