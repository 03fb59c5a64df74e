package preface

import (
	"bufio"
	"bytes"
	"sync"

	"github.com/pires/go-proxyproto"
)

// A reader lends the bytes of a header to go-proxyproto, which reads from a bufio.Reader alone.
type reader struct {
	bytes    bytes.Reader
	buffered *bufio.Reader
}

var readers = sync.Pool{New: func() any {
	r := &reader{}
	r.buffered = bufio.NewReaderSize(&r.bytes, maxLine) // a line must lie in it whole
	return r
}}

// read is the header that b consists of.
func read(b []byte) (*proxyproto.Header, error) {
	r := readers.Get().(*reader)
	r.bytes.Reset(b)
	r.buffered.Reset(&r.bytes)
	h, err := proxyproto.Read(r.buffered)
	r.bytes.Reset(nil)
	readers.Put(r)
	return h, err
}
