//go:build linux

package main

import (
	"crypto/tls"
	"fmt"
	"slices"

	"github.com/leat-io/leat/benchmarks/drive"
)

// figures are what one run gave. Those that a table does not measure are 0.
type figures struct {
	Rate           float64 // requests, connections or GB a second
	Cost           float64 // processor time of the candidate: µs for each, or seconds for a GB
	Busy           float64 // processors that the candidate kept busy
	P50, P99, P999 float64 // latency, µs
	Empty, Served  float64 // resident before there are connections, and after a request on each, MB
	Each           float64 // of these, KB for each connection
	Descriptors    float64
}

// A table is one kind of measurement.
type table struct {
	name, title, note string
	secure            bool   // TLS is terminated; else connections are proxied
	streams           bool   // candidates are set up for streams
	echoes            bool   // only those that echo can take part
	reference         string // the candidate to which the others are compared
	saturated         bool   // a row is trusted only when its candidate was the limit
	columns           []column
	rows              []row
	candidates        []candidate
}

// A column shows medians, and ratios to the reference where it has any.
type column struct {
	head  string
	of    func(figures) float64
	verb  string
	ratio bool
}

// A row is one load, or with a load of no kind, connections that are held.
type row struct {
	name string
	drive.Load
}

var (
	rate        = column{"each second", func(f figures) float64 { return f.Rate }, "%.0f", true}
	speed       = column{"GB/s", func(f figures) float64 { return f.Rate }, "%.2f", true}
	cost        = column{"CPU µs each", func(f figures) float64 { return f.Cost }, "%.2f", true}
	gigabyte    = column{"CPU seconds a GB", func(f figures) float64 { return f.Cost }, "%.3f", true}
	busy        = column{"busy", func(f figures) float64 { return 100 * f.Busy }, "%.0f %%", false}
	p50         = column{"p50, µs", func(f figures) float64 { return f.P50 }, "%.0f", true}
	p99         = column{"p99, µs", func(f figures) float64 { return f.P99 }, "%.0f", true}
	p999        = column{"p99.9, µs", func(f figures) float64 { return f.P999 }, "%.0f", true}
	empty       = column{"before, MB", func(f figures) float64 { return f.Empty }, "%.1f", false}
	served      = column{"with connections, MB", func(f figures) float64 { return f.Served }, "%.1f", false}
	each        = column{"KB each", func(f figures) float64 { return f.Each }, "%.2f", true}
	descriptors = column{"descriptors", func(f figures) float64 { return f.Descriptors }, "%.0f", false}
)

// Rows of the closed loop have so many connections, unless -conns says less.
const few, many = 64, 1000

// tables are all measurements, as o wants them.
func tables(o options) (chosen []table) {
	for _, t := range append(proxied(o), secured(o)...) {
		t.rows = slices.DeleteFunc(t.rows, func(r row) bool { return !o.Rows.MatchString(t.name + "/" + r.name) })
		for i := range t.rows {
			t.rows[i].Warm, t.rows[i].Length = o.length/3, o.length
		}
		t.candidates = slices.DeleteFunc(slices.Clone(o.only), func(c candidate) bool { return !t.takes(c) })
		if len(t.rows) > 0 && len(t.candidates) > 0 {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

func (t table) takes(c candidate) bool {
	switch {
	case t.secure:
		return c.secure != nil && !(t.echoes && c.answers)
	case t.streams:
		return c.stream != nil
	}
	return c.proxy != nil
}

// among are the candidates of a row.
func (t table) among(r row) []candidate {
	return slices.DeleteFunc(slices.Clone(t.candidates), func(c candidate) bool { return r.Secret != nil && r.Secret.Curve == tls.X25519MLKEM768 && !c.hybrid })
}

func proxied(o options) []table {
	crowd := min(many, o.conns)
	return []table{{
		name: "requests", title: "Requests through a proxy", reference: haproxy, saturated: true, columns: []column{rate, cost, busy},
		note: "Rows are connections with one message of 64 bytes in flight on each, which a backend echoes.",
		rows: []row{
			{fmt.Sprint(few), drive.Load{Kind: drive.Closed, Conns: few, Depth: 1}}, {fmt.Sprint(crowd), drive.Load{Kind: drive.Closed, Conns: crowd, Depth: 1}},
		},
	}, {
		name: "connections", title: "Connections through a proxy", reference: haproxy, saturated: true, columns: []column{rate, cost, busy},
		note: "64 connections under way: open, one message and its answer, close by the client.",
		rows: []row{{fmt.Sprint(few), drive.Load{Kind: drive.Connect, Conns: few}}},
	}, {
		name: "bulk", title: "Streams through a proxy", streams: true, reference: haproxy, saturated: true, columns: []column{speed, gigabyte, busy},
		note: "From the backend to the client, on so many connections, as fast as they go. Neither end copies. haproxy splices " +
			"always here, which costs it a tenth of its requests in the tables above; haproxy-copying has buffers of a MiB instead. nginx has such ones too.",
		rows: []row{{"1", drive.Load{Kind: drive.Stream, Conns: 1}}, {"16", drive.Load{Kind: drive.Stream, Conns: 16}}},
	}, {
		name: "latency", title: "Latency through a proxy", reference: haproxy, columns: []column{p50, p99, p999, cost, busy},
		note: "An open loop: messages are sent when they are due, on the connections in turn, and their latency counts from then, which corrects for coordinated " +
			"omission. The rate is about half of what haproxy carries in the closed loop.",
		rows: []row{{fmt.Sprintf("%.0f/s over %d", o.rate, few), drive.Load{Kind: drive.Open, Conns: few, Rate: o.rate}}},
	}, {
		name: "memory", title: "What a proxy holds", reference: haproxy, columns: []column{empty, served, each, descriptors},
		note: "Connections that are idle after a request each; the descriptors are those of the process, of which it may have 20 000.",
		rows: []row{{fmt.Sprint(crowd), drive.Load{Conns: crowd}}, {fmt.Sprint(o.conns), drive.Load{Conns: o.conns}}},
	}}
}

func secured(o options) []table {
	classic, hybrid := drive.Secret{Curve: tls.X25519}, drive.Secret{Curve: tls.X25519MLKEM768}
	resumed := func(s drive.Secret) drive.Secret { s.Resumed = true; return s }
	var shakes []row
	for _, s := range []drive.Secret{classic, resumed(classic), hybrid, resumed(hybrid)} {
		kind := "full"
		if s.Resumed {
			kind = "resumed"
		}
		shakes = append(shakes, row{kind + " " + s.Curve.String(), drive.Load{Kind: drive.Shake, Conns: 16, Secret: &s}})
	}
	crowd := min(many, o.conns)
	return []table{{
		name: "handshakes", title: "TLS handshakes", secure: true, reference: cryptoTLS, columns: []column{cost, busy},
		note: "Processor time of the server for a connection: accept, handshake, a request of 64 bytes and its answer, close. A client spends more than the server, " +
			"which therefore has time left: what it spends is measured, not how many it can serve. haproxy and nginx answer a request of HTTP, the others echo it.",
		rows: shakes,
	}, {
		name: "secret", title: "Requests through TLS", secure: true, echoes: true, reference: openSSL, saturated: true, columns: []column{cost, rate, busy},
		note: "64 connections with one message of 64 bytes in flight on each. The client encrypts what it sends and looks at the headers of the records that come back.",
		rows: []row{{fmt.Sprint(few), drive.Load{Kind: drive.Closed, Conns: few, Depth: 1, Secret: &classic}}},
	}, {
		name: "secret-memory", title: "What a TLS server holds", secure: true, reference: openSSL, columns: []column{empty, served, each, descriptors},
		note: "Connections that are idle after a request each. haproxy and nginx keep them alive as HTTP does.",
		rows: []row{{fmt.Sprint(crowd), drive.Load{Conns: crowd, Secret: &classic}}},
	}}
}
