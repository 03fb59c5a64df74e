package compare

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// processors are those that servers and loads may use. Without pin there is no restriction.
func processors(pin bool) (server, load []int, err error) {
	if !pin {
		return nil, nil, nil
	}
	var mine unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mine); err != nil {
		return nil, nil, fmt.Errorf("compare: asking for this process's processors: %w", err)
	}
	var all []int
	for cpu := range len(mine) * 64 {
		if mine.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	if len(all) < 2 {
		return nil, nil, errors.New("compare: pinning needs two processors, and this process may use one")
	}
	return all[:1], all[1:2], nil
}

// pinned calls start with the affinity that a process started there inherits. The goroutine is locked to its thread.
func pinned(start func() error, cpus []int) error {
	if cpus == nil {
		return start()
	}
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("processors %v: %w", cpus, err)
	}
	return errors.Join(start(), unix.SchedSetaffinity(0, &before))
}
