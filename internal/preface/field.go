package preface

// A field is what is left of bytes that are being read. It is nil once they were too few.
type field []byte

// skip drops n bytes.
func (f *field) skip(n int) {
	if len(*f) < n {
		*f = nil
		return
	}
	*f = (*f)[n:]
}

// number reads one of so many bytes.
func (f *field) number(size int) (v int) {
	if len(*f) < size {
		*f = nil
		return 0
	}
	for _, c := range (*f)[:size] {
		v = v<<8 | int(c)
	}
	*f = (*f)[size:]
	return v
}

// vector reads one whose length comes first, in so many bytes.
func (f *field) vector(size int) field {
	n := f.number(size)
	if *f == nil || len(*f) < n {
		*f = nil
		return nil
	}
	v := (*f)[:n]
	*f = (*f)[n:]
	return v
}
