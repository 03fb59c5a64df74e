// Package gateway carries connections of TCP as streams of few connections of the mux protocol: a [Near] is handed connections and opens
// streams, a [Far] takes streams and connects to a server.
//
// What a connection does its stream does, and the other way round: the end of one direction leaves the other open, and a reset ends both. A
// stream whose server cannot be reached is reset with REFUSED, and its connection too.
package gateway
