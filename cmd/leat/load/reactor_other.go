//go:build !linux

package load

import "errors"

const hasReactor = false

func newReactor(Config) (driver, error) { return nil, errors.ErrUnsupported }
