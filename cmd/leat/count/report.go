package count

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"text/tabwriter"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/figure"
)

// A Report is what was counted from the start until a moment.
type Report struct {
	At      time.Time
	Final   bool // the last one
	Packets uint64
	Bytes   uint64  // of payload
	Flows   float64 // about; see the package doc
	Rate    float64 // packets a second since the report before
	Top     []Flow  // a flow that is not among them has at most as many packets as the last of them
}

type flowJSON struct {
	Peer    string    `json:"peer"`
	Local   string    `json:"local"`
	Packets uint64    `json:"packets"`
	Error   uint64    `json:"error"`
	Bytes   uint64    `json:"bytes"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

type reportJSON struct {
	At      time.Time  `json:"at"`
	Final   bool       `json:"final"`
	Packets uint64     `json:"packets"`
	Bytes   uint64     `json:"bytes"`
	Flows   uint64     `json:"flows"`
	Rate    float64    `json:"packets_per_s"`
	Top     []flowJSON `json:"top"`
}

func (r Report) appendJSON(b []byte) []byte {
	v := reportJSON{r.At.UTC(), r.Final, r.Packets, r.Bytes, uint64(math.Round(r.Flows)), math.Round(10*r.Rate) / 10, []flowJSON{}}
	for _, f := range r.Top {
		v.Top = append(v.Top, flowJSON{f.Peer.String(), f.Local.String(), f.Packets, f.Error, f.Bytes, unix(f.First), unix(f.Last)})
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // there is nothing in it that cannot be written
	}
	return append(append(b, text...), '\n')
}

func unix(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func (r Report) appendText(b []byte) []byte {
	w := bytes.NewBuffer(b)
	what := "so far"
	if r.Final {
		what = "in all"
	}
	fmt.Fprintf(w, "%s %s: %s packets, %.1f MB, %s flows", r.At.UTC().Format("2006-01-02T15:04:05.000Z"), what,
		figure.Grouped(int64(r.Packets)), float64(r.Bytes)/1e6, figure.Grouped(int64(math.Round(r.Flows))))
	if !r.Final {
		fmt.Fprintf(w, ", %s packets/s", figure.PerSecond(r.Rate))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Top) > 0 {
		fmt.Fprintln(t, "packets\tat least\tbytes\tfirst\tlast\t  flow")
	}
	for _, f := range r.Top {
		fmt.Fprintf(t, "%d\t%d\t%d\t%s\t%s\t  %s > %s\n", f.Packets, f.Packets-f.Error, f.Bytes, clock(f.First), clock(f.Last), f.Peer, f.Local)
	}
	t.Flush()
	return w.Bytes()
}

func clock(ns int64) string { return unix(ns).Format("15:04:05.000") }
