package redis

import (
	"bytes"
	"errors"

	"github.com/leat-io/leat/codec/resp"
)

var errShape = errors.New("a reply of an unexpected form")

// list returns the number of the elements of an array and their wire form.
func list(raw []byte) (n int, elements []byte, err error) {
	m := resp.Message{Raw: raw}
	if len(raw) == 0 || m.Value().Kind() != resp.KindArray || raw[0] != byte(resp.KindArray) {
		return 0, nil, errShape
	}
	return m.Value().Len(), raw[bytes.IndexByte(raw, '\n')+1:], nil
}

var elements = resp.Reply(resp.Limits{})

// next is how many bytes the first element has.
func next(b []byte) (int, error) {
	var m resp.Message
	n, err := elements.Decode(b, &m)
	if n <= 0 || err != nil {
		return 0, errShape
	}
	return n, nil
}

func (j *join) appendInOrder(b []byte) ([]byte, error) {
	all := 0
	for i := range j.parts {
		p := &j.parts[i]
		n, rest, err := list(p.reply)
		if err != nil {
			return b, err
		}
		p.reply, all = rest, all+n
	}
	if all != len(j.order) {
		return b, errShape
	}
	b = resp.AppendArray(b, all)
	for _, i := range j.order {
		p := &j.parts[i]
		n, err := next(p.reply)
		if err != nil {
			return b, err
		}
		b = append(b, p.reply[:n]...)
		p.reply = p.reply[n:]
	}
	return b, nil
}

func (j *join) appendBehind(b []byte) ([]byte, error) {
	all := 0
	for i := range j.parts {
		n, rest, err := list(j.parts[i].reply)
		if err != nil {
			return b, err
		}
		j.parts[i].reply, all = rest, all+n
	}
	b = resp.AppendArray(b, all)
	for i := range j.parts {
		b = append(b, j.parts[i].reply...)
	}
	return b, nil
}

func (j *join) appendLeast(b []byte) ([]byte, error) {
	var min []int64
	for i := range j.parts {
		m := resp.Message{Raw: j.parts[i].reply}
		at := 0
		for e := range m.Value().Elements() {
			n, ok := e.Int()
			switch {
			case !ok || i > 0 && at >= len(min):
				return b, errShape
			case i == 0:
				min = append(min, n)
			case n < min[at]:
				min[at] = n
			}
			at++
		}
		if at != len(min) {
			return b, errShape
		}
	}
	b = resp.AppendArray(b, len(min))
	for _, n := range min {
		b = resp.AppendInt(b, n)
	}
	return b, nil
}
