package restart

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// writePID writes the number of the process to a file, in one step: who reads it sees the old number or the new one.
func writePID(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
		if e := f.Chmod(0o644); err == nil {
			err = e
		}
		if e := f.Close(); err == nil {
			err = e
		}
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}
	if err != nil {
		return fmt.Errorf("the file of the pid cannot be written: %w", err)
	}
	return nil
}

// removePID removes the file, unless it is another process's by now.
func removePID(path string) {
	if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == strconv.Itoa(os.Getpid()) {
		_ = os.Remove(path)
	}
}
