//go:build !unix

package restart

import (
	"errors"
	"os"
	"syscall"
)

var errNone = errors.New("a socket cannot be handed to another process on this system")

// upgrades never come: there is no signal that could ask for one.
func upgrades() (c chan os.Signal, stop func()) { return nil, func() {} }

func inheritFile(fd int) *os.File { return os.NewFile(uintptr(fd), "ready") }

func program() (string, error) { return "", errNone }

func begin(string, string, syscall.Conn) (*child, error) { return nil, errNone }

func terminate(p *os.Process) { _ = p.Kill() }
