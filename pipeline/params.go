package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/stage"
)

// A ParamValue is one parameter of a node and its value on the node's first lane.
type ParamValue struct {
	Node, Name, Value string
	ReadOnly          bool
}

// Params lists the parameters of all nodes, as fresh as Stats does their counters.
func (p *Pipeline) Params() []ParamValue { return p.values(p.snapshots()) }

// lanesParam is the parameter of a Shard or Spread that [Pipeline.Resize] changes; resizeTime is how long that may take.
const (
	lanesParam = "lanes"
	resizeTime = 10 * time.Second
)

// resizable returns the Shard or Spread of that name, or nil.
func (p *Pipeline) resizable(name string) *node {
	i := slices.IndexFunc(p.nodes, func(n *node) bool { return n.name == name && (n.kind == kindShard || n.kind == kindSpread) })
	if i < 0 {
		return nil
	}
	return p.nodes[i]
}

func (p *Pipeline) setLanes(node, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("pipeline %s: the lanes of %q are a whole number, not %q", p.name, node, value)
	}
	ctx, cancel := context.WithTimeout(context.Background(), resizeTime)
	defer cancel()
	return p.Resize(ctx, node, n)
}

func (p *Pipeline) values(lanes []*lane) (all []ParamValue) {
	if len(lanes) > 0 {
		for _, n := range p.nodes {
			if p.resizable(n.name) == n {
				all = append(all, ParamValue{Node: n.name, Name: lanesParam, Value: strconv.Itoa(n.joint.lanes())})
			}
		}
	}
	seen := map[[2]string]bool{}
	for _, ln := range lanes {
		ln.snapMu.Lock()
		for _, v := range ln.values {
			if k := [2]string{v.Node, v.Name}; !seen[k] {
				seen[k] = true
				all = append(all, v)
			}
		}
		ln.snapMu.Unlock()
	}
	slices.SortFunc(all, func(a, b ParamValue) int {
		return strings.Compare(a.Node+"\x00"+a.Name, b.Node+"\x00"+b.Name)
	})
	return all
}

// Get reads a parameter of a node, on the node's first lane. It waits for a lane in the middle of a batch.
func (p *Pipeline) Get(node, name string) (value string, err error) {
	if n := p.resizable(node); n != nil && name == lanesParam {
		return strconv.Itoa(n.joint.lanes()), nil
	}
	found, err := p.eachParam(p.allLanes(), node, name, func(v stage.Param) (more bool, err error) {
		value = v.Get()
		return false, nil
	})
	if err == nil && !found {
		err = p.unknown(node, name)
	}
	return value, err
}

// Set changes a parameter of a node on all its lanes, each between two batches, and on lanes that are made later. When the
// first lane refuses the value nothing is changed. The parameter "lanes" of a Shard or Spread is set with [Pipeline.Resize].
func (p *Pipeline) Set(node, name, value string) error {
	if name == lanesParam && p.resizable(node) != nil {
		return p.setLanes(node, value)
	}
	set := func(v stage.Param) (bool, error) {
		if v.Set == nil {
			return false, fmt.Errorf("can only be read")
		}
		return true, v.Set(value)
	}
	lanes := p.allLanes()
	found, err := p.eachParam(lanes, node, name, set)
	switch {
	case err != nil:
		return err
	case !found:
		return p.unknown(node, name)
	}
	p.mu.Lock()
	p.settings[[2]string{node, name}] = value
	missed := slices.Clone(p.lanes[len(lanes):]) // made meanwhile, with the value before
	p.mu.Unlock()
	_, err = p.eachParam(missed, node, name, set)
	return err
}

// eachParam calls f on those of the lanes that have the parameter, until f wants no more.
func (p *Pipeline) eachParam(lanes []*lane, node, name string, f func(stage.Param) (more bool, err error)) (found bool, err error) {
	more := true
	for _, ln := range lanes {
		<-ln.stage.Call(func() {
			for _, v := range ln.params[node] {
				if v.Name == name {
					found = true
					more, err = f(v)
				}
			}
		})
		switch {
		case err != nil:
			return found, fmt.Errorf("pipeline %s: parameter %q of %q: %w", p.name, name, node, err)
		case !more:
			return found, nil
		}
	}
	return found, nil
}

func (p *Pipeline) unknown(node, name string) error {
	return fmt.Errorf("pipeline %s: node %q has no parameter %q%s", p.name, node, name, p.known())
}

// known lists the parameters there are, for an error.
func (p *Pipeline) known() string {
	var names []string
	for _, v := range p.Params() {
		names = append(names, v.Node+"."+v.Name)
	}
	if len(names) == 0 {
		return "; no node of this pipeline that runs has any"
	}
	return "; there are " + strings.Join(names, ", ")
}

// applySettings gives a lane, or an instance that was just made on it, the values that were set before.
func (p *Pipeline) applySettings(ln *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node, ps := range ln.params {
		for _, v := range ps {
			if value, ok := p.settings[[2]string{node, v.Name}]; ok && v.Set != nil {
				if err := v.Set(value); err != nil {
					p.log.Error("a parameter that was accepted before is refused", "pipeline", p.name, "node", node, "parameter", v.Name, "value", value, "error", err)
				}
			}
		}
	}
}
