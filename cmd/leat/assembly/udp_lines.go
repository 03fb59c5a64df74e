package assembly

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/leat-io/leat/cmd/leat/count"
	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/cmd/leat/statsd"
	"github.com/leat-io/leat/cmd/leat/syslog"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// UDPLines says what the apps that write lines do: count, statsd and syslog.
type UDPLines struct {
	Output string        // file that lines are appended to; "-" is the standard output
	Every  time.Duration // between two reports of count, and two flushes of statsd

	Top      int // of count: flows in a report
	Counters int // of count
	JSON     bool

	MaxSeries int // of statsd
	Forget    time.Duration
	Quantiles []float64
	Prefix    string

	BestEffort bool // of syslog
}

var defaultUDPLines = UDPLines{
	Output: "-", Every: 10 * time.Second, Top: count.DefaultTop, Counters: count.DefaultCounters,
	MaxSeries: statsd.DefaultMaxSeries, Forget: statsd.DefaultForget, Quantiles: statsd.DefaultQuantiles, BestEffort: true,
}

// longDatagram is what clients of StatsD and syslog may send: 8192 bytes is what RFC 5424 (6.1) and RFC 5426 (3.2) leave to receivers
// beyond 2048, and jumbo frames carry.
const longDatagram = 8192

// WritesLines says whether the app is one of those that do.
func (c UDP) WritesLines() bool { return c.App == "count" || c.App == "statsd" || c.App == "syslog" }

// WritesStdout says whether the app has the standard output for itself.
func (c UDP) WritesStdout() bool { return c.WritesLines() && c.Lines.Output == "-" }

func (c UDP) validateLines() error {
	l := c.Lines
	err := errors.Join(
		within("flows in a report", l.Top, 1, count.MaxTop),
		within("counters of flows", l.Counters, count.MinCounters, count.MaxCounters),
		within("series", l.MaxSeries, 1, 1<<22),
		within("the time to forget a series", l.Forget, 0, 366*24*time.Hour),
		within("the time between two reports", l.Every, 0, 24*time.Hour),
	)
	for _, q := range l.Quantiles {
		if !(q > 0 && q <= 1) {
			err = errors.Join(err, fmt.Errorf("a quantile must be above 0 and at most 1, not %v", q))
		}
	}
	if strings.ContainsFunc(l.Prefix, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == ';' || r == '"' }) {
		err = errors.Join(err, fmt.Errorf("the prefix %q of names has a space, a control character or one of ; \"", l.Prefix))
	}
	switch {
	case l.Output == "":
		err = errors.Join(err, errors.New("the output has no name; - is the standard output"))
	case l.Every > 0 && l.Every < 10*time.Millisecond, c.App == "statsd" && l.Every == 0:
		err = errors.Join(err, fmt.Errorf("the time between two reports is at least 10ms, not %v", l.Every))
	case (c.App == "count" || c.App == "statsd") && c.Lanes > 1 && c.Workers == 0:
		err = errors.Join(err, fmt.Errorf("the app %s keeps state by key: with %d lanes it wants workers", c.App, c.Lanes))
	}
	return err
}

// write is the sink of lines.
func (s *UDPServer) write(l *stage.Lane) stage.Sink[lines.Text] { return s.out.Sink(l) }

func (c UDP) count(s *UDPServer, packets *pipeline.Flow[udp.Packet]) {
	l := c.Lines
	app := count.New(count.Config{Top: l.Top, Counters: l.Counters, Every: l.Every, JSON: l.JSON})
	app.Serve(c.workers(packets, "by flow", count.Key), s.write)
}

func (c UDP) statsd(s *UDPServer, packets *pipeline.Flow[udp.Packet]) {
	l := c.Lines
	app := statsd.New(statsd.Config{Every: l.Every, MaxSeries: l.MaxSeries, Forget: l.Forget, Quantiles: l.Quantiles, Prefix: l.Prefix})
	app.Serve(packets, func(f *pipeline.Flow[statsd.Sample]) *pipeline.Flow[statsd.Sample] {
		return c.workers(f, "by series", statsd.Key)
	}, s.write)
}

func (c UDP) syslog(s *UDPServer, packets *pipeline.Flow[udp.Packet]) {
	app := syslog.New(syslog.Config{BestEffort: c.Lines.BestEffort, Zone: time.Local})
	app.Serve(c.packets(packets), s.write)
}
