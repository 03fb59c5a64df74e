package restart

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
)

// readyFD is the variable that names the descriptor on which a new process says that it is ready. Only a process that is to take
// over from another has it.
const readyFD = "LEAT_READY_FD"

// systemd is the address that stands for a socket of systemd; behind a colon it can have a name.
const systemd = "systemd"

// Sockets are what a process has been given when it started.
type Sockets struct {
	files  []*os.File // their names are those of the sockets
	before bool       // they come from the process before, which waits until this one is ready
	ready  *os.File   // to tell it
}

// Inherited takes what the process was given, and takes it out of the environment. It is to be called once.
func Inherited() (*Sockets, error) {
	s := &Sockets{}
	if v, ok := os.LookupEnv(readyFD); ok {
		fd, err := strconv.Atoi(v)
		if err != nil || fd < 3 {
			return nil, fmt.Errorf("%s is %q, which is no descriptor; only leat sets it: leave it out", readyFD, v)
		}
		s.before, s.ready = true, inheritFile(fd)
		// The process before could not know whose pid to write: these are for this one.
		errs := []error{os.Unsetenv(readyFD), os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))}
		if _, watched := os.LookupEnv("WATCHDOG_PID"); watched {
			errs = append(errs, os.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid())))
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
	}
	s.files = activation.Files(true)
	return s, nil
}

// Take is the socket for an address that is to be listened on, or nil if that is to be opened. Foreign says that somebody else
// has opened it and keeps it. "systemd" stands for the one socket that systemd has passed, "systemd:NAME" for the one that has
// this name there (FileDescriptorName=, the name of the unit without more). The caller closes it when it is bound.
func (s *Sockets) Take(address string) (f *os.File, foreign bool, err error) {
	if _, err := CheckAddress(address); err != nil {
		return nil, false, err
	}
	name, named, foreign := split(address)
	fits := func(f *os.File) bool { return !named || f.Name() == name }
	if s.before {
		fits = func(f *os.File) bool { return f.Name() == url.QueryEscape(address) }
	} else if !foreign {
		return nil, false, nil
	}
	var found []int
	for i, f := range s.files {
		if fits(f) {
			found = append(found, i)
		}
	}
	switch {
	case len(found) == 1:
		f = s.files[found[0]]
		s.files = slices.Delete(s.files, found[0], found[0]+1)
		return f, foreign, nil
	case len(found) > 1:
		return nil, foreign, fmt.Errorf("the address %q fits %d sockets that systemd has passed (%s), and one is served: give each a name with FileDescriptorName= and say systemd:NAME",
			address, len(found), s.names())
	case foreign && len(s.files) == 0:
		return nil, foreign, fmt.Errorf("the address %q stands for a socket that systemd passes, and it has passed none: start the service through a .socket unit", address)
	case foreign:
		return nil, foreign, fmt.Errorf("the address %q names no socket that systemd has passed: they are %s", address, s.names())
	}
	return nil, false, nil
}

// split takes an address of systemd apart.
func split(address string) (name string, named, ok bool) {
	if address == systemd {
		return "", false, true
	}
	name, ok = strings.CutPrefix(address, systemd+":")
	return name, ok, ok
}

// CheckAddress says what is wrong with an address if it is one of systemd, and whether it is.
func CheckAddress(address string) (is bool, err error) {
	name, named, ok := split(address)
	if named && name == "" {
		return true, fmt.Errorf("the address %q has no name behind the colon", address)
	}
	return ok, nil
}

func (s *Sockets) names() string {
	var names []string
	for _, f := range s.files {
		names = append(names, f.Name())
	}
	return strings.Join(names, ", ")
}

// Rest closes what was not taken. Sockets of systemd that nobody serves are an error: their clients would wait for ever. One of
// the process before may be left over, where the address has changed.
func (s *Sockets) Rest() error {
	names := s.names()
	for _, f := range s.files {
		_ = f.Close()
	}
	s.files = nil
	if names != "" && !s.before {
		return fmt.Errorf("systemd has passed sockets that nothing here serves (%s): say --listen systemd or --listen systemd:NAME", names)
	}
	return nil
}

// Taken closes a socket that was taken, when it is bound.
func Taken(f *os.File) {
	if f != nil {
		_ = f.Close()
	}
}
