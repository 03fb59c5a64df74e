//go:build !linux

package journal

import "os"

// dataSync is what the system has. On darwin os.File asks the disk too, with F_FULLFSYNC.
func dataSync(f *os.File) error { return f.Sync() }
