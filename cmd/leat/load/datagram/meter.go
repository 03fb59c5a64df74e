package datagram

import (
	"sync"
	"time"
)

// A meter measures the processor time of this process while datagrams are counted.
type meter struct {
	mu         sync.Mutex // guards all
	timer      *time.Timer
	began      time.Time
	used, took time.Duration
	done       bool
}

// begin has the measuring begin after a while, the warm-up.
func (m *meter) begin(after time.Duration) {
	m.note()
	if after > 0 {
		m.timer = time.AfterFunc(after, m.note)
	}
}

func (m *meter) note() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.done {
		m.began, m.used = time.Now(), processorTime()
	}
}

func (m *meter) end() {
	if m.timer != nil {
		m.timer.Stop()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done, m.used, m.took = true, processorTime()-m.used, time.Since(m.began)
}

// CPU is what this process, senders and receivers together, has used of processors.
type CPU struct {
	Seconds float64 `json:"seconds"`
	Cores   float64 `json:"cores"` // Seconds over the time in which they were used
}

func (m *meter) read() (c CPU) {
	c.Seconds = m.used.Seconds()
	if m.took > 0 {
		c.Cores = c.Seconds / m.took.Seconds()
	}
	return c
}
