package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// A Node is a place in a file: a text, a list or a map. It has one of Text, Items and Fields.
type Node struct {
	Line   int
	Text   string  // of a scalar, as it stands there
	Items  []Node  // of a list
	Fields []Field // of a map, in the order of the file
	kind   yaml.Kind
}

// A Field is a key of a map with its value.
type Field struct {
	Key  string
	Line int // of the key
	Node
}

// IsText says whether the node is a text.
func (n *Node) IsText() bool { return n.kind == yaml.ScalarNode }

// IsList says whether the node is a list.
func (n *Node) IsList() bool { return n.kind == yaml.SequenceNode }

// IsMap says whether the node is a map.
func (n *Node) IsMap() bool { return n.kind == yaml.MappingNode }

// A Tree is the value of a flag that in a file may be more than a word or a list of words.
type Tree interface {
	pflag.Value
	// SetNode takes the value from a file. Its errors say the line, by [Wrong].
	SetNode(n Node) []error
}

// A LineError is what is wrong in a line of a file.
type LineError struct {
	Line int
	Text string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Wrong is an error about a line.
func Wrong(line int, format string, args ...any) error {
	return &LineError{line, fmt.Sprintf(format, args...)}
}

// A walk makes Nodes of what the parser has read, and follows aliases. It bounds them by itself, because the parser drops the values of
// some keys, such as those that a merge overrides, without a look at them.
type walk struct {
	left int                 // nodes that there may still be
	open map[*yaml.Node]bool // those that the walk is in
	err  error
}

func (w *walk) fail(y *yaml.Node, what string) {
	if w.err == nil {
		w.err = Wrong(y.Line, "%s", what)
	}
}

func (w *walk) nodeOf(y *yaml.Node) Node {
	for y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	if w.left--; w.left < 0 || w.open[y] {
		w.fail(y, "an anchor contains itself, or aliases repeat too much")
		return Node{}
	}
	w.open[y] = true
	defer delete(w.open, y)
	n := Node{Line: y.Line, Text: y.Value, kind: y.Kind}
	switch y.Kind {
	case yaml.SequenceNode:
		for _, c := range y.Content {
			n.Items = append(n.Items, w.nodeOf(c))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(y.Content); i += 2 {
			k := y.Content[i]
			if k.ShortTag() == "!!null" { // the parser drops it and what it has
				w.fail(k, "a key is empty")
			}
			n.Fields = append(n.Fields, Field{k.Value, k.Line, w.nodeOf(y.Content[i+1])})
		}
	}
	return n
}

// places are the nodes of the settings in a file, by their keys, with the lines of the keys.
func places(b []byte) (map[string]Field, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	all := map[string]Field{}
	if len(doc.Content) == 0 {
		return all, nil
	}
	w := walk{left: maxFile, open: map[*yaml.Node]bool{}}
	top := w.nodeOf(doc.Content[0])
	if w.err != nil {
		return nil, w.err
	}
	for _, section := range top.Fields {
		all[section.Key] = section
		for _, f := range section.Fields {
			all[section.Key+"."+f.Key] = f
		}
	}
	return all, nil
}

// at names the place of a key: the file, and the line if it is known.
func (l layer) at(key string) string {
	for k := key; k != ""; k, _, _ = cutLast(k) {
		if f, ok := l.places[k]; ok {
			return fmt.Sprintf("%s:%d", l.name, f.Line)
		}
	}
	return l.name
}

func cutLast(key string) (before, after string, found bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}

// plant gives a flag what a file says of it. Errors begin with the line that they are about.
func (l layer) plant(t Tree, key string) (wrong []error) {
	for _, err := range t.SetNode(l.places[key].Node) {
		if e, ok := err.(*LineError); ok { //nolint:errorlint // SetNode returns them as they are
			wrong = append(wrong, fmt.Errorf("%s:%d: %s: %s", l.name, e.Line, key, e.Text))
		} else {
			wrong = append(wrong, fmt.Errorf("%s: %s: %w", l.at(key), key, err))
		}
	}
	return wrong
}
