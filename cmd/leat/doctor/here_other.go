//go:build !linux

package doctor

import (
	"errors"
	"io/fs"
	"runtime"
)

// Here is the machine on which this runs. Only its processors can be seen.
func Here() Host {
	return Host{
		System: runtime.GOOS, Root: nothing{}, Uring: nothing{}, Offloads: nothing{},
		CPUs: runtime.NumCPU(), Procs: runtime.GOMAXPROCS(0),
	}
}

// nothing is the files of a system that shows its limits elsewhere.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (nothing) Probe() error { return errors.ErrUnsupported }

func (nothing) Offload(string) (Offload, error) { return Offload{}, errors.ErrUnsupported }
