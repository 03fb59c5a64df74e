// Package plainmux is a second implementation of the mux protocol, written from docs/mux.md alone and with the standard library
// alone. It proves that the specification suffices, and the fast implementation is tested against it in both directions.
//
// It prefers what is plain to what is fast: two goroutines a connection, one that reads and one that writes, one mutex and one
// condition for everything, and a copy of every byte. It offers checksums and no compression.
//
//	conn, err := plainmux.Client(transport, plainmux.Config{})
//	stream, err := conn.Open(plainmux.Opening{})
//	_, err = stream.Write([]byte("hello"))
//	err = stream.CloseWrite()
//	reply, err := io.ReadAll(stream)
//
// [Raw] speaks the frames of the protocol without its rules, for tests of how others answer what is not allowed.
package plainmux
