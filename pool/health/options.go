package health

import (
	"fmt"
	"time"
)

// A bad field of options, with what it must be.
func refuse(of, field string, value any, must string) error {
	return fmt.Errorf("health: %s.%s is %v: it must be %s", of, field, value, must)
}

// positive refuses a duration that is negative, which nothing gives a meaning to.
func positive(of, field string, d time.Duration) error {
	if d < 0 {
		return refuse(of, field, d, "positive, or 0 for the default")
	}
	return nil
}

// share refuses what is not a share of a whole.
func share(of, field string, v, least float64) error {
	if !(v >= least && v <= 1) {
		return refuse(of, field, v, fmt.Sprintf("between %v and 1", least))
	}
	return nil
}
