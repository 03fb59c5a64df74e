package workload

// commandReplies compares the replies of RESP with what is due. All but those of INCR are known byte strings, so a right reply is
// compared and not parsed; one that differs is parsed from where it does, to find its end.
type commandReplies struct {
	shape   *shape
	draws   draws
	echo    pattern // of the payload of ECHO that is due
	highest []int64 // of each counter, the number that its last INCR gave

	drawn bool // what is due is known
	seq   int64
	due   *command
	key   int
	want  pattern // if due.body
	off   int     // bytes that have arrived and were right
	read  *reader // of a reply that differs, or of an integer; nil until one comes
	parse bool    // the reply is being read, not compared

	refusal []byte
	why     string
}

func newCommandReplies(s Spec, d draws, user int) *commandReplies {
	return &commandReplies{shape: s.shape, draws: d, echo: newPattern(user, false), highest: make([]int64, s.Remembers())}
}

// Discard implements Replies.
func (r *commandReplies) Discard(b []byte) []byte {
	if r.read == nil || r.parse {
		return b
	}
	return r.read.discard(b)
}

// Next implements Replies.
func (r *commandReplies) Next(b []byte) ([]byte, Verdict) {
	r.refusal = r.refusal[:0]
	if r.read != nil && r.read.broken {
		return nil, Broken
	}
	r.draw()
	if !r.parse {
		n, same := r.compare(b)
		r.off += n
		b = b[n:]
		switch {
		case r.off == r.due.replyBytes():
			r.advance()
			return b, Right
		case same:
			return b, Incomplete
		case r.off >= len(r.due.head):
			return b, r.differs(b)
		}
		r.startReading()
		r.read.line(r.due.head[:r.off])
	}
	rest, done := r.read.line(b)
	if r.read.broken {
		return nil, r.wrong(Broken, func() string { return "the bytes are no RESP reply: " + r.shown() })
	}
	if !done {
		return nil, Incomplete
	}
	return rest, r.judgeLine()
}

// draw finds out what is due.
func (r *commandReplies) draw() {
	if r.drawn {
		return
	}
	r.drawn, r.off = true, 0
	r.due = r.draws.command(r.shape)
	for range r.due.keysAt {
		r.key = r.draws.key()
	}
	switch r.due.request {
	case GET:
		r.want = keyPattern(r.key)
	case ECHO:
		r.want = r.echo
		r.echo.next()
	case INCR:
		r.startReading()
	}
}

func (r *commandReplies) startReading() {
	if r.read == nil {
		r.read = new(reader)
	}
	r.read.begin()
	r.parse = true
}

func (r *commandReplies) advance() {
	r.drawn, r.parse, r.off = false, false, 0
	r.seq++
	if r.read != nil {
		r.read.begin()
	}
}

// Refusal implements Replies.
func (r *commandReplies) Refusal() []byte { return r.refusal }

// Why implements Replies.
func (r *commandReplies) Why() string { return r.why }

// Partial implements Replies.
func (r *commandReplies) Partial() int {
	if r.parse {
		return r.read.length
	}
	if r.drawn {
		return r.off
	}
	return 0
}

// Clean implements Replies.
func (r *commandReplies) Clean() bool {
	return r.Partial() == 0 && (r.read == nil || !r.read.broken && r.read.skip == 0 && r.read.pending == 0)
}

// Skip implements Replies.
func (r *commandReplies) Skip(n int64) {
	for range n {
		r.draw()
		r.advance()
	}
	if r.read != nil {
		*r.read = reader{text: r.read.text[:0]}
	}
}
