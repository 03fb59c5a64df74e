package mux

// A Compressor makes the payloads of DATA with [Compressed]. Package codec/mux/compress has one.
type Compressor interface {
	// Append appends the compressed form of payload, or returns b as it was and false where that is not worth it.
	Append(b, payload []byte) ([]byte, bool)
}

// A Decompressor undoes a [Compressor].
type Decompressor interface {
	// Append appends what the payload of DATA with [Compressed] was. A payload that it cannot undo within its limits is an
	// [*Error]. It keeps nothing of b and payload.
	Append(b, payload []byte) ([]byte, error)
}
