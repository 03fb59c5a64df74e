package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leat-io/leat/stage"
)

// A ParamValue is one parameter of a node and its value on the node's first lane.
type ParamValue struct {
	Node, Name, Value string
	ReadOnly          bool
}

// Params lists the parameters of all nodes. It waits for lanes in the middle of a batch.
func (p *Pipeline) Params() (all []ParamValue) {
	seen := map[[2]string]bool{}
	for _, ln := range p.allLanes() {
		<-ln.stage.Call(func() {
			for node, ps := range ln.params {
				for _, v := range ps {
					if k := [2]string{node, v.Name}; !seen[k] {
						seen[k] = true
						all = append(all, ParamValue{node, v.Name, v.Get(), v.Set == nil})
					}
				}
			}
		})
	}
	slices.SortFunc(all, func(a, b ParamValue) int {
		return strings.Compare(a.Node+"\x00"+a.Name, b.Node+"\x00"+b.Name)
	})
	return all
}

// Get reads a parameter of a node, on the node's first lane. It waits for a lane in the middle of a batch.
func (p *Pipeline) Get(node, name string) (value string, err error) {
	err = p.eachParam(node, name, func(v stage.Param) (more bool, err error) {
		value = v.Get()
		return false, nil
	})
	return value, err
}

// Set changes a parameter of a node on all its lanes, each between two batches, and on lanes that are made later. When the
// first lane refuses the value nothing is changed.
func (p *Pipeline) Set(node, name, value string) error {
	err := p.eachParam(node, name, func(v stage.Param) (bool, error) {
		if v.Set == nil {
			return false, fmt.Errorf("can only be read")
		}
		return true, v.Set(value)
	})
	if err == nil {
		p.mu.Lock()
		p.settings[[2]string{node, name}] = value
		p.mu.Unlock()
	}
	return err
}

// eachParam calls f on every lane that has the parameter, until f wants no more.
func (p *Pipeline) eachParam(node, name string, f func(stage.Param) (more bool, err error)) error {
	found, more := false, true
	var err error
	for _, ln := range p.allLanes() {
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
			return fmt.Errorf("pipeline %s: parameter %q of %q: %w", p.name, name, node, err)
		case !more:
			return nil
		}
	}
	if !found {
		return fmt.Errorf("pipeline %s: node %q has no parameter %q%s", p.name, node, name, p.known())
	}
	return nil
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
