package resp

// A replyDecoder is the decoder of one connection.
type replyDecoder struct {
	codec    *ReplyCodec
	pos      int    // where the next element begins
	searched int    // a line that began before ends at or behind this
	open     []nest // aggregates that lack elements, from the outermost in
}

// A nest is an aggregate of which elements are still to come. Attributes are one, but what they lie in lacks its element
// still when they are complete.
type nest struct {
	left       int64
	attributes bool
}

func (d *replyDecoder) Decode(b []byte, v *Message) (int, error) {
	b = b[:min(len(b), d.codec.limits.Total)]
	for pos := d.pos; ; {
		end, inside, err := d.element(b, pos)
		if err != nil {
			return d.fail(err)
		}
		if end <= 0 || end > len(b) {
			return d.wait(b, pos, max(end, len(b)+1))
		}
		attributes := b[pos] == '|'
		pos = end
		switch {
		case inside > 0:
			if len(d.open) == d.codec.limits.Depth {
				return d.fail(ErrTooNested)
			}
			d.open = append(d.open, nest{inside, attributes})
		case attributes || !d.complete():
		default:
			v.Raw = b[:pos:pos]
			d.pos, d.searched = 0, 0
			return pos, nil
		}
	}
}

// complete takes note of an element that is complete, and says whether the reply is.
func (d *replyDecoder) complete() bool {
	for n := len(d.open); n > 0; n-- {
		last := &d.open[n-1]
		if last.left--; last.left > 0 {
			return false
		}
		d.open = d.open[:n-1]
		if last.attributes {
			return false
		}
	}
	return true
}

func (d *replyDecoder) fail(err error) (int, error) {
	d.pos, d.searched, d.open = 0, 0, d.open[:0]
	return 0, err
}

// wait asks for need bytes.
func (d *replyDecoder) wait(b []byte, pos, need int) (int, error) {
	if need > d.codec.limits.Total {
		return d.fail(ErrTooLong)
	}
	d.pos = pos
	if need == len(b)+1 {
		need = 0
	}
	return -need, nil
}

// element looks at what begins at b[pos]. It returns where that ends, which may lie behind b, or 0 when that is not known
// yet, and how many elements an aggregate holds.
func (d *replyDecoder) element(b []byte, pos int) (end int, inside int64, err error) {
	if pos == len(b) {
		return 0, 0, nil
	}
	switch kind := Kind(b[pos]); kind {
	case KindBulk, KindBulkError, KindVerbatim:
		end, err = d.bulk(b, pos, kind)
		return end, 0, err
	case KindArray, KindMap, KindSet, KindPush, kindAttributes:
		return d.aggregate(b, pos, kind)
	case KindSimple, KindError, KindInteger, KindDouble, KindBigNumber, KindBool, KindNull:
		end, err = d.line(b, pos, kind)
		return end, 0, err
	case ';', '.':
		return 0, 0, ErrStreamed
	}
	return 0, 0, unknownType(b[pos])
}

func (d *replyDecoder) bulk(b []byte, pos int, kind Kind) (end int, err error) {
	n, data, err := header(b, pos, ErrBulkLength)
	switch {
	case err != nil || data == 0:
		return 0, err
	case n == -1 && kind == KindBulk:
		return data, nil
	case n < 0 || n > int64(d.codec.limits.Bulk):
		return 0, ErrBulkLength
	case n < int64(len("txt:")) && kind == KindVerbatim:
		return 0, ErrVerbatim
	}
	last := int64(data) + n + 2
	if last > int64(d.codec.limits.Total) {
		return 0, ErrTooLong
	}
	end = int(last)
	switch {
	case end > len(b):
	case b[end-2] != '\r' || b[end-1] != '\n':
		return 0, ErrLineEnd
	case kind == KindVerbatim && b[data+3] != ':':
		return 0, ErrVerbatim
	}
	return end, nil
}

func (d *replyDecoder) aggregate(b []byte, pos int, kind Kind) (end int, inside int64, err error) {
	n, end, err := header(b, pos, ErrElements)
	switch {
	case err != nil || end == 0:
		return 0, 0, err
	case n == -1 && kind == KindArray:
		return end, 0, nil
	case kind == KindMap || kind == kindAttributes:
		if n > int64(d.codec.limits.Args) {
			return 0, 0, ErrElements
		}
		n *= 2
	}
	if n < 0 || n > int64(d.codec.limits.Args) {
		return 0, 0, ErrElements
	}
	return end, n, nil
}
