package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/restart"
)

// inherit takes what the process was given when it started. If that is a socket for the address, the server is to listen on it, and
// on the address that is returned. Bound must be called when it does.
func (s *server) inherit(address string, socket *assembly.Socket) (listen string, bound func() error, err error) {
	if s.sockets, err = restart.Inherited(); err != nil {
		return "", nil, &exitError{exitUsage, err}
	}
	f, foreign, err := s.sockets.Take(address)
	if err != nil {
		return "", nil, err
	}
	if f != nil {
		socket.Inherited = f
	}
	if foreign {
		address = ""
	}
	return address, func() error {
		restart.Taken(f)
		return s.sockets.Rest()
	}, nil
}

// life is that of a server that can be replaced while it runs, unless there is a reason against it.
func (s *server) life(log *slog.Logger, drain time.Duration, refusal string) *restart.Life {
	return restart.New(s.sockets, restart.Options{PIDFile: s.pidFile, Timeout: s.upgradeTimeout, Drain: drain, Refusal: refusal, Log: log})
}

// served is what a source of connections serves.
func served(address string, s assembly.Listening) restart.Server {
	return restart.Server{Address: address, Socket: s, Started: s.Started(), HandOver: s.HandOver, Open: s.Len, Live: s.Liveness()}
}

// keeps says why a server cannot be replaced by another process: what it keeps is in this one.
func keeps(cfg *assembly.TCP) string {
	switch {
	case cfg.Journal != "":
		return fmt.Sprintf("the journal %s has one writer, which is this process: stop it and start it again, and clients find their keys", cfg.Journal)
	case cfg.App == "kv":
		return "the keys of the app kv are in this process alone: stop it and start it again"
	}
	return ""
}
