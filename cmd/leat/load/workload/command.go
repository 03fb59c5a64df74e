package workload

import "strconv"

// A Request says what is asked of a server that speaks RESP.
type Request string

// The keys of values are "key:" and those of counters "counter:" followed by twelve digits, as redis-benchmark names them.
const (
	PING  Request = "ping"
	ECHO  Request = "echo"  // of a payload
	GET   Request = "get"   // of a key that was set before the run
	SET   Request = "set"   // of a key to its value, which is always the same
	INCR  Request = "incr"  // of a counter
	MSET  Request = "mset"  // of ten keys to their values
	MIXED Request = "mixed" // 9 GET to 1 SET
)

var requests = []Request{PING, ECHO, GET, SET, INCR, MSET, MIXED}

func (r Request) keyed() bool { return r != PING && r != ECHO }

const (
	msetKeys  = 10 // as in redis-benchmark
	keyDigits = 12
)

// A command is one kind of request: its bytes, with places to fill in, and the right reply.
type command struct {
	request Request
	bytes   []byte
	keysAt  []int // where the digits of keys stand in bytes
	dataAt  []int // where payloads or values do
	size    int   // of each
	head    []byte
	body    bool // a payload or a value and "\r\n" follow the head of the reply
}

// newCommand lays a command out. The parts that are keyPart, counterPart and dataPart stand for what is filled in.
func newCommand(request Request, size int, reply string, body bool, parts ...string) *command {
	c := &command{request: request, size: size, head: []byte(reply), body: body}
	c.bytes = appendHead(c.bytes, '*', len(parts))
	for _, p := range parts {
		switch p {
		case keyPart, counterPart:
			c.bytes = appendHead(c.bytes, '$', len(p)+keyDigits)
			c.bytes = append(c.bytes, p...)
			c.keysAt = append(c.keysAt, len(c.bytes))
			c.bytes = append(c.bytes, "000000000000"...)
		case dataPart:
			c.bytes = appendHead(c.bytes, '$', size)
			c.dataAt = append(c.dataAt, len(c.bytes))
			c.bytes = append(c.bytes, make([]byte, size)...)
		default:
			c.bytes = appendHead(c.bytes, '$', len(p))
			c.bytes = append(c.bytes, p...)
		}
		c.bytes = append(c.bytes, "\r\n"...)
	}
	return c
}

const (
	keyPart     = "key:"
	counterPart = "counter:"
	dataPart    = ""
)

func appendHead(b []byte, kind byte, n int) []byte {
	return append(strconv.AppendInt(append(b, kind), int64(n), 10), "\r\n"...)
}

// replyBytes is the size of the right reply, at most.
func (c *command) replyBytes() int {
	switch {
	case c.body:
		return len(c.head) + c.size + len("\r\n")
	case c.request == INCR:
		return len(":-9223372036854775808\r\n")
	default:
		return len(c.head)
	}
}

// A shape is what the users of a spec have in common: one command, or the two of MIXED.
type shape struct {
	often, seldom *command // seldom is nil or one of ten
}

const seldomOneOf = 10

func newShape(r Request, size int) *shape {
	bulk := string(appendHead(nil, '$', size))
	get := newCommand(GET, size, bulk, true, "GET", keyPart)
	set := newCommand(SET, size, "+OK\r\n", false, "SET", keyPart, dataPart)
	switch r {
	case ECHO:
		return &shape{often: newCommand(ECHO, size, bulk, true, "ECHO", dataPart)}
	case GET:
		return &shape{often: get}
	case SET:
		return &shape{often: set}
	case INCR:
		return &shape{often: newCommand(INCR, 0, "", false, "INCR", counterPart)}
	case MSET:
		parts := []string{"MSET"}
		for range msetKeys {
			parts = append(parts, keyPart, dataPart)
		}
		return &shape{often: newCommand(MSET, size, "+OK\r\n", false, parts...)}
	case MIXED:
		return &shape{often: get, seldom: set}
	default:
		return &shape{often: newCommand(PING, 0, "+PONG\r\n", false, "PING")}
	}
}

func (s *shape) all() []*command {
	if s.seldom == nil {
		return []*command{s.often}
	}
	return []*command{s.often, s.seldom}
}

func (s *shape) requestBytes() int {
	n := 0
	for _, c := range s.all() {
		n = max(n, len(c.bytes))
	}
	return n
}

func (s *shape) replyBytes() int {
	n := 0
	for _, c := range s.all() {
		n = max(n, c.replyBytes())
	}
	return n
}

// commandRequests are those of RESP.
type commandRequests struct {
	shape *shape
	draws draws
	echo  pattern // of the next payload of ECHO
}

// Append implements Requests.
func (r *commandRequests) Append(b []byte) []byte {
	c := r.draws.command(r.shape)
	start := len(b)
	b = append(b, c.bytes...)
	for i, at := range c.keysAt {
		key := r.draws.key()
		putDigits(b[start+at:][:keyDigits], key)
		if i < len(c.dataAt) {
			value := keyPattern(key)
			value.fill(b[start+c.dataAt[i]:][:c.size])
		}
	}
	if c.request == ECHO {
		r.echo.fill(b[start+c.dataAt[0]:][:c.size])
		r.echo.next()
	}
	return b
}

// putDigits writes a key in decimal over the zeros of b.
func putDigits(b []byte, key int) {
	for i := len(b) - 1; key > 0; i-- {
		b[i] = '0' + byte(key%10)
		key /= 10
	}
}
