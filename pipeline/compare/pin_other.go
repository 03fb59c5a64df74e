//go:build !linux

package compare

import "errors"

func processors(pin bool) (server, load []int, err error) {
	if pin {
		err = errors.New("compare: processes can be pinned to processors on Linux only")
	}
	return nil, nil, err
}

func pinned(start func() error, _ []int) error { return start() }
