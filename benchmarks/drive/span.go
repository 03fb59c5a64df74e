//go:build linux

package drive

import "time"

// A span is the warm-up of a run, and then the part that counts.
type span struct {
	client   *client
	began    time.Time // the part
	counting bool
	done     int64 // messages in it
}

// over goes on to the part that counts when it is time, and says whether that is over, which it is not before something was answered.
func (s *span) over() (bool, error) {
	c, passed := s.client, time.Since(s.began)
	if s.counting || passed <= c.Warm {
		return s.counting && passed > c.Length && s.done > 0, nil
	}
	var err error
	c.cpu, err = c.spent()
	s.began, s.counting, s.done = time.Now(), true, 0
	return false, err
}
