//go:build !linux

package datagram

import "errors"

func newRaw(Config) (transport, error) { return nil, errors.New("load: raw senders need Linux") }
