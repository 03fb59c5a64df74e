package tcp

// Liveness returns a function that says whether each loop of the source has turned, or slept, since the function was called
// before. It is for watchdogs, which ask now and then; one that says no twice in a row has a loop that hangs in a stage. An
// engine without loops has none that hang.
func (s *Source) Liveness() func() bool {
	if e, ok := s.engine.(interface{ liveness() func() bool }); ok {
		return e.liveness()
	}
	return func() bool { return true }
}
