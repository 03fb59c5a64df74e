package peers

import (
	"net/netip"

	"github.com/leat-io/leat/stage"
)

// Admit counts a connection that the table does not keep, because somebody else serves it, unless there are too many, or too
// many of the address. What it returns is for Depart.
func (t *Table) Admit(from netip.Addr) (as netip.Addr, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if as, ok = t.room(from); ok {
		t.apart++
		t.came()
	}
	return as, ok
}

// Attribute counts a connection that was admitted with the zero Addr as one of an address, once that is known. The refusal is why
// there are too many of that, or empty; whoever is told so closes the connection.
func (t *Table) Attribute(from netip.Addr) (as netip.Addr, refusal string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ofAddress(from)
}

// Depart takes the count of one such connection back, and counts why it was closed. It reports whether it was the last.
func (t *Table) Depart(as netip.Addr, reason error) (last bool) {
	label := stage.LabelOf(reason)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apart--
	t.closed[label]++
	if as.IsValid() {
		t.origins.uncount(as)
	}
	return t.apart == 0
}
