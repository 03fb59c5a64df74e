package compare

import (
	"strings"
	"sync"
)

// keepLines and keepBytes bound what is kept of what a process has said.
const (
	keepLines = 12
	keepBytes = 4 << 10
)

// A tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	last []byte // guarded by mu
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if n := len(t.last) - keepBytes; n > 0 {
		t.last = append(t.last[:0], t.last[n:]...)
	}
	return len(b), nil
}

// lines are the last ones, indented.
func (t *tail) lines() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := strings.Split(strings.TrimSpace(string(t.last)), "\n")
	return "  " + strings.Join(all[max(0, len(all)-keepLines):], "\n  ")
}
