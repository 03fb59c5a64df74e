//go:build !unix

package datagram

import "time"

func processorTime() time.Duration { return 0 }
