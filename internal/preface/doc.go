// Package preface reads and writes what may come first on a connection, before the bytes that it is for: a header of the PROXY
// protocol, and the ClientHello of a TLS connection that is passed on as it is.
//
// The functions that read look at the bytes that have come so far, keep none of them, and return n in the manner of a codec:
// above 0 it is how many bytes of b they have understood, and below 0 that -n in all are needed at the least. What can no longer
// become right, however it goes on, is an error at once. A buffer of [MaxProxied] or [MaxHello] bytes is always enough.
package preface
