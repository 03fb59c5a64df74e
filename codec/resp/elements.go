package resp

import "iter"

// Len returns how many elements an aggregate has. A map has two for each pair, a key and a value. Other kinds have none.
func (v Value) Len() int {
	switch v.Kind() {
	case KindArray, KindSet, KindPush:
		n, _ := number(v.raw)
		return n
	case KindMap:
		n, _ := number(v.raw)
		return 2 * n
	}
	return 0
}

// Elements iterates over the elements of an aggregate, those of a map as key, value, key, value. What lies in an element is
// walked over, in time in proportion to the number of values in it.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		n := v.Len()
		if n == 0 {
			return
		}
		_, at := number(v.raw)
		for range n {
			e := valueAt(v.raw[at:])
			if !yield(e) {
				return
			}
			at += len(e.attributes) + len(e.raw)
		}
	}
}

// Attributes iterates over the pairs that the server has put in front of the value, as RESP3 allows in front of any: they
// are about it but not a part of it.
func (v Value) Attributes() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		for at := 0; at < len(v.attributes); {
			n, next := number(v.attributes[at:])
			for at += next; n > 0; n-- {
				key := valueAt(v.attributes[at:])
				at += len(key.attributes) + len(key.raw)
				value := valueAt(v.attributes[at:])
				at += len(value.attributes) + len(value.raw)
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// valueAt returns the value at the front of b.
func valueAt(b []byte) Value {
	if len(b) == 0 {
		return Value{}
	}
	from := 0
	for b[from] == byte(kindAttributes) {
		n, next := number(b[from:])
		for from += next; n > 0; n-- {
			from += size(b[from:])
			from += size(b[from:])
		}
	}
	end := from + size(b[from:])
	return Value{b[:from:from], b[from:end:end]}
}

// size returns how many bytes the value at the front of b takes, with its attributes.
func size(b []byte) (n int) {
	for left := 1; left > 0; {
		kind := Kind(b[n])
		left--
		switch kind {
		case KindSimple, KindError, KindInteger, KindNull, KindBool, KindDouble, KindBigNumber:
			n += lineLen(b[n:])
			continue
		}
		count, next := number(b[n:])
		n += next
		switch kind {
		case KindBulk, KindBulkError, KindVerbatim:
			if count >= 0 {
				n += count + len("\r\n")
			}
		case KindArray, KindSet, KindPush:
			left += max(count, 0)
		case KindMap:
			left += 2 * count
		case kindAttributes:
			left += 2*count + 1
		}
	}
	return n
}
