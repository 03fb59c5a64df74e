package stage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
)

func TestClosedConnectionsAreCountedUnderALabel(t *testing.T) {
	for want, err := range map[string]error{
		"done":        nil,
		"failed":      errors.New("a test"),
		"slow reader": stage.ErrSlowReader,
		"malformed":   fmt.Errorf("%w: %w", stage.ErrMalformed, errors.New("a test")),
		"panic":       fmt.Errorf("node: %w: value", stage.ErrPanic),
	} {
		check(t, "label", stage.LabelOf(err), want)
	}
}
