package muxnet

// Absence is how long nobody reads a connection.
const Absence = absence

// Reader says who reads the connection: "goroutine", "stream", or "nobody".
func (c *Conn) Reader() string {
	r := &c.reading
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[turn]string{goroutinesTurn: "goroutine", nobodysTurn: "nobody", streamsTurn: "stream"}[r.turn]
}
