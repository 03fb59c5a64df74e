package redis

import (
	"sync"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
)

// A join makes one answer of the replies to the parts of a request. An error of a part is the answer.
type join struct {
	how   how
	parts []part
	of    *holding

	order         []uint16 // inOrder: for each key the part that has it
	shard, shards int      // cursor: which one of how many was asked
	text          string   // instead
	mark          []byte   // confirmed: what the reply to the PING behind the request says

	mu   sync.Mutex // guards what follows, and the replies of the parts
	sum  int64
	held int  // bytes of the replies, which are part of what the client has waiting
	long bool // they were too many, and are gone
}

// how says what the answer is.
type how uint8

const (
	added     how = iota // the sum of the numbers
	inOrder              // an array of the elements of all arrays, in the order of the keys
	same                 // the reply of the first: all are alike
	behind               // an array of the elements of all arrays, one part behind the other
	least                // an array of the least numbers of each place
	latest               // the reply of the last part: the errors of those before it have not been told yet
	cursor               // that of SCAN, with the shard in its cursor
	instead              // a text in its wire form, whatever the reply
	begins               // that of MULTI, in the place of a command that waits
	confirmed            // nothing: what there is to say has been said before the reply
)

// A part is one of the requests that are made of one.
type part struct {
	join  *join
	to    uint64 // id of the shard that serves it
	lease pool.Lease
	wire  []byte // what is sent; nil: the request as it came
	reply []byte // nil until it has come, and when it is not wanted
}

// Errors of answers that could not be joined.
const (
	errUnlike = "ERR the servers gave answers that do not fit together"
	errLong   = "ERR the answer, with others that wait for their parts, has more bytes than may wait for one client"
)

func isError(raw []byte) bool { return len(raw) > 0 && (raw[0] == '-' || raw[0] == '!') }

// take takes the reply of a part, which is borrowed.
func (p *part) take(raw []byte) {
	j := p.join
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.how == added && len(raw) > 0 && raw[0] == ':' {
		m := resp.Message{Raw: raw}
		n, _ := m.Value().Int()
		j.sum += n
		return
	}
	switch {
	case j.long || j.how == instead || j.how == confirmed && !isError(raw):
	case j.of.take(len(raw)):
		j.held += len(raw)
		p.reply = append(make([]byte, 0, len(raw)), raw...)
	default:
		j.long = true
		j.release()
		for i := range j.parts {
			j.parts[i].reply = nil
		}
	}
}

// release ends that the replies are held. The lock is held.
func (j *join) release() {
	j.of.give(j.held)
	j.held = 0
}

// failed says that MULTI was refused. It has been answered.
func (j *join) failed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.parts[0].reply) != "+OK\r\n"
}

// append appends the answer, when all parts have their replies.
func (j *join) append(b []byte) []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.release()
	switch {
	case j.how == instead:
		return append(b, j.text...)
	case j.long:
		return resp.AppendError(b, errLong)
	}
	for i := range j.parts {
		if r := j.parts[i].reply; isError(r) {
			return append(b, r...)
		}
	}
	start := len(b)
	b, err := j.make(b)
	if err != nil {
		return resp.AppendError(b[:start], errUnlike)
	}
	return b
}

func (j *join) make(b []byte) ([]byte, error) {
	switch j.how {
	case added:
		if j.held > 0 { // something that is no number
			return b, errShape
		}
		return resp.AppendInt(b, j.sum), nil
	case inOrder:
		return j.appendInOrder(b)
	case behind:
		return j.appendBehind(b)
	case least:
		return j.appendLeast(b)
	case confirmed:
		return b, nil
	case begins:
		if string(j.parts[0].reply) != "+OK\r\n" {
			return b, errShape
		}
		return append(b, "+QUEUED\r\n"...), nil
	case latest:
		return append(b, j.parts[len(j.parts)-1].reply...), nil
	case cursor:
		return j.appendCursor(b)
	}
	return append(b, j.parts[0].reply...), nil
}
