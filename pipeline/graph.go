package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// String draws the pipeline as text: one node a line with what it comes after and its live counts, then the lanes that
// there are, then the services that run beside them.
func (p *Pipeline) String() string {
	var b strings.Builder
	lanes := p.snapshots()
	stats := p.sum(lanes)
	fmt.Fprintf(&b, "pipeline %s\n", p.name)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  node\tkind\tafter\tlanes\tin\tout\tper batch\tdepth\tdropped\terrors\tp50\tp99\t")
	for i, n := range p.nodes {
		s := stats[i]
		fmt.Fprintf(w, "  %s\t%s\t%s\t%d\t%d\t%d\t%.1f\t%s\t%d\t%d\t%s\t%s\t%s\n", n.name, n.kind, after(n), s.Lanes, s.In, s.Out,
			s.PerBatch(), depth(n, s), s.Dropped, s.Errors+s.Panics, duration(s.P50, s.Sampled), duration(s.P99, s.Sampled), remarks(n.note, s.lopsided()))
	}
	w.Flush()
	gauges(&b, stats)
	if v := p.values(lanes); len(v) > 0 {
		fmt.Fprintln(&b, "parameters")
		for _, v := range v {
			fmt.Fprintf(&b, "  %s.%s = %s\n", v.Node, v.Name, v.Value)
		}
	}
	if len(p.services) > 0 {
		fmt.Fprintln(&b, "services, beside the lanes")
		for _, s := range p.services {
			fmt.Fprintf(&b, "  %s\n", s.Name)
		}
	}
	return b.String()
}

func after(n *node) string {
	if len(n.from) == 0 {
		return "-"
	}
	names := make([]string, len(n.from))
	for i, f := range n.from {
		names[i] = f.name
	}
	return strings.Join(names, " + ")
}

func depth(n *node, s NodeStats) string {
	if n.joint == nil {
		return "-"
	}
	return fmt.Sprint(s.Depth)
}

func remarks(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "; ")
}

func duration(d time.Duration, sampled uint64) string {
	if sampled == 0 {
		return "-"
	}
	return d.String()
}

// gauges lists the figures that some nodes have beside the counters.
func gauges(b *strings.Builder, stats Stats) {
	for _, s := range stats {
		if len(s.Gauges) == 0 {
			continue
		}
		fmt.Fprintf(b, "%s\n", s.Name)
		for _, g := range s.Gauges {
			fmt.Fprintf(b, "  %s = %s\n", g.Name, g.Value)
		}
	}
}

// Mermaid draws the graph in the language of mermaid.js, each lane's nodes in a box of their own.
func (p *Pipeline) Mermaid() string {
	var b strings.Builder
	fmt.Fprintln(&b, "flowchart LR")
	for _, g := range p.boxes() {
		fmt.Fprintf(&b, "  subgraph b%d[%s]\n", g.origin.id, quoted(g.title()))
		for _, n := range g.nodes {
			fmt.Fprintf(&b, "    n%d%s\n", n.id, mermaidShape(n))
		}
		fmt.Fprintln(&b, "  end")
	}
	for _, n := range p.nodes {
		for _, f := range n.from {
			fmt.Fprintf(&b, "  n%d --> n%d\n", f.id, n.id)
		}
	}
	for i, s := range p.services {
		fmt.Fprintf(&b, "  s%d([%s])\n", i, quoted("service: "+s.Name))
	}
	return b.String()
}

func mermaidShape(n *node) string {
	label := quoted(n.name)
	switch {
	case n.joint != nil:
		return "[(" + label + ")]"
	case n.kind == kindSource || n.kind == kindSink:
		return "([" + label + "])"
	case n.kind == kindBranch:
		return "{" + label + "}"
	}
	return "[" + label + "]"
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`"`, "#quot;", "\n", " ").Replace(s) + `"`
}

// DOT draws the graph in the language of Graphviz, each lane's nodes in a cluster.
func (p *Pipeline) DOT() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  rankdir=LR;\n  node [shape=box];\n", p.name)
	for _, g := range p.boxes() {
		fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%q;\n", g.origin.id, g.title())
		for _, n := range g.nodes {
			fmt.Fprintf(&b, "    n%d [label=%q%s];\n", n.id, n.name, dotShape(n))
		}
		fmt.Fprintln(&b, "  }")
	}
	for _, n := range p.nodes {
		for _, f := range n.from {
			fmt.Fprintf(&b, "  n%d -> n%d;\n", f.id, n.id)
		}
	}
	for i, s := range p.services {
		fmt.Fprintf(&b, "  s%d [label=%q, style=dashed];\n", i, s.Name)
	}
	fmt.Fprintln(&b, "}")
	return b.String()
}

func dotShape(n *node) string {
	switch {
	case n.joint != nil:
		return ", shape=cylinder"
	case n.kind == kindSource || n.kind == kindSink:
		return ", shape=ellipse"
	case n.kind == kindBranch:
		return ", shape=diamond"
	}
	return ""
}

// A box is the nodes that are fused on the lanes of one source or joint.
type box struct {
	origin *node
	nodes  []*node
}

func (g box) title() string {
	if g.origin.joint == nil {
		return "lanes of " + g.origin.name
	}
	if n := g.origin.joint.lanes(); n > 1 {
		return fmt.Sprintf("%d lanes of %s", n, g.origin.name)
	}
	return "lane of " + g.origin.name
}

// boxes puts each node to the first origin whose lanes it runs on; a node behind a merge runs on those of all.
func (p *Pipeline) boxes() (all []box) {
	at := map[*node]int{}
	for _, n := range p.nodes {
		origin := n
		if n.joint == nil && n.kind != kindSource {
			origin = origins(n.from)[0]
		}
		i, ok := at[origin]
		if !ok {
			i = len(all)
			at[origin] = i
			all = append(all, box{origin: origin})
		}
		all[i].nodes = append(all[i].nodes, n)
	}
	return all
}

// A Graph is the declared shape of a pipeline.
type Graph struct {
	Name     string      `json:"name"`
	Nodes    []GraphNode `json:"nodes"`
	Services []string    `json:"services"`
}

// A GraphNode is one node of a Graph and the nodes that it comes after.
type GraphNode struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`
	After []string `json:"after"`
	Lanes string   `json:"lanes"` // the source or joint on whose lanes it runs
}

// Graph returns the shape of the pipeline, in order of declaration.
func (p *Pipeline) Graph() Graph {
	g := Graph{Name: p.name, Services: []string{}}
	lanes := map[*node]string{}
	for _, b := range p.boxes() {
		for _, n := range b.nodes {
			lanes[n] = b.origin.name
		}
	}
	for _, n := range p.nodes {
		gn := GraphNode{Name: n.name, Kind: string(n.kind), After: []string{}, Lanes: lanes[n]}
		for _, f := range n.from {
			gn.After = append(gn.After, f.name)
		}
		g.Nodes = append(g.Nodes, gn)
	}
	for _, s := range p.services {
		g.Services = append(g.Services, s.Name)
	}
	return g
}
