package reactor

// MaxEvents is the most descriptors of one turn.
const MaxEvents = maxEvents

// Wrap makes the next descriptor that is watched the first one behind the end of the generations.
func (p *Epoll) Wrap() { p.generation = -1 }

// Coarsen makes the kernel one that cannot wait for less than a millisecond.
func (p *Epoll) Coarsen() { p.coarse = true }
