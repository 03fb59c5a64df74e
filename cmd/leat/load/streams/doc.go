// Package streams puts load on a server of the mux protocol: many streams over few connections, each of which sends a request, waits for its
// reply, and compares that with what it must be.
//
// In the closed loop a stream sends its next request when the reply has come. In the open loop request i of the run is due at i/rate, whatever
// the server does, and its latency counts from then: a server that stalls is charged for the requests that it held up (Tene, "How NOT to
// Measure Latency"). Streams take the due times in turn; one has at most one request in flight, and sends those that it is late with at
// once.
package streams
