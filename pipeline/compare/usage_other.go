//go:build !unix

package compare

import "time"

func processorTime() time.Duration { return 0 }
