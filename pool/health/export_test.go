package health

// Portable makes a monitor use package net where it would use a reactor.
func (m *Monitor) Portable() { m.portable = true }
