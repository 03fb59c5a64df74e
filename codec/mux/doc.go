// Package mux is the wire format of the mux protocol, many independent streams over one connection of bytes, as docs/mux.md
// specifies it: pure functions that append frames and take them apart.
//
//	b = mux.AppendData(b, 1, mux.Fin, []byte("hello"))
//
//	var f mux.Frame
//	n, err := mux.Format{Max: mux.DefaultSettings.MaxFrame}.Decode(b, &f)
//
// Everything that one frame can show is checked here, with errors that are an [*Error] with the code of the specification. What takes
// the state of a connection to know, such as credit or which streams are open, is not. A length is checked against its limit
// before anything waits for that many bytes or asks for memory. Decoding allocates nothing, and what it returns aliases what it was
// given. An error may be shared: who wants to say which stream it is of copies it.
package mux
