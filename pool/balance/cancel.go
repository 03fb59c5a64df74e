package balance

// Cancel ends a request that says nothing of how well the member serves, such as one whose client has gone. It takes the place
// of End.
func (m *Member) Cancel() { m.inFlight.Add(-1) }
