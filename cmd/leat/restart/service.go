package restart

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/leat-io/leat/pipeline"
)

// A Server is what a process serves.
type Server struct {
	Address  string                      // as the configuration has it
	Socket   syscall.Conn                // that listens, for the process that takes over; nil where none can
	Started  <-chan struct{}             // closed when it serves
	HandOver func(context.Context) error // ends the accepting, because the new process accepts
	Open     func() int                  // connections
	Live     func() bool                 // whether it has got on since it was asked before
}

// Alone is a server that no other process can take over from: it serves from the start on.
func Alone() Server {
	started := make(chan struct{})
	close(started)
	return Server{Started: started, Live: func() bool { return true }}
}

// Options say how a process lives.
type Options struct {
	PIDFile string        // in which its number stands while it serves; none when empty
	Timeout time.Duration // for a new process to become ready
	Drain   time.Duration // for which connections live on in a process that was replaced
	Refusal string        // why it cannot be replaced; empty when it can
	Log     *slog.Logger
}

// A Life is that of one process.
type Life struct {
	Options
	server  Server
	sockets *Sockets
	asked   chan os.Signal
	quiet   func() // asked is not filled any more
	program string
	failed  error // why there is no program

	end      context.CancelFunc // ends the serving
	err      error              // why the serving was ended
	replaced *child
	next     *child // that is not ready yet
	settled  chan error
}

// New is the life of a process that was given sockets.
func New(sockets *Sockets, o Options) *Life {
	l := &Life{Options: o, sockets: sockets, settled: make(chan error, 1)}
	l.asked, l.quiet = upgrades() // from now on nobody ends this process by asking too early
	l.program, l.failed = program()
	return l
}

// Beside has a pipeline served, and returns the function that runs it by another, until ctx ends or a new process has taken over.
func (l *Life) Beside(p *pipeline.Pipeline, s Server, run func(context.Context) error) func(context.Context) error {
	l.server = s
	serving, end := context.WithCancel(context.Background())
	l.end = end
	p.Beside(pipeline.Service{Name: "restart", Run: func(ctx context.Context) { l.live(ctx, serving) }})
	return func(ctx context.Context) error {
		defer l.quiet()
		defer end()
		defer context.AfterFunc(ctx, end)()
		err := run(serving)
		if l.PIDFile != "" {
			removePID(l.PIDFile)
		}
		return errors.Join(l.err, err)
	}
}

// live is the service. It ends with ctx, which is that of the whole run; serving ends when the drain begins.
func (l *Life) live(ctx, serving context.Context) {
	defer l.abandon()
	select {
	case <-l.server.Started:
	case <-serving.Done():
		return
	}
	if l.err = l.ready(); l.err != nil {
		l.end()
		return
	}
	due, quiet := watched(l.Log)
	defer quiet()
	var look <-chan time.Time // whether the drain is to begin, once another process serves
	var until time.Time
	draining := serving.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-draining:
			draining = nil
			l.stopping()
		case <-l.asked:
			l.upgrade(serving)
		case err := <-l.settled:
			if l.replacedBy(ctx, serving, err) {
				until, look = time.Now().Add(l.Drain), time.After(0)
			}
		case now := <-look:
			if l.server.Open() > 0 && now.Before(until) {
				look = time.After(leftEvery)
				continue
			}
			look = nil
			l.Log.Info("the drain begins", "connections", l.server.Open())
			l.end()
		case <-due:
			l.report()
		}
	}
}

// leftEvery is how often a process that was replaced looks whether it has connections left.
const leftEvery = 20 * time.Millisecond

// ready says to everybody that the process serves.
func (l *Life) ready() error {
	if l.PIDFile != "" {
		if err := writePID(l.PIDFile); err != nil {
			return err
		}
	}
	if f := l.sockets.ready; f != nil {
		if _, err := f.Write([]byte{'\n'}); err != nil {
			l.Log.Warn("the process before could not be told that this one is ready", "error", err)
		}
		_ = f.Close()
	}
	notify(l.Log, daemon.SdNotifyReady)
	return nil
}

// stopping is what a signal to end means. It is one to the process that is to take over as well.
func (l *Life) stopping() {
	if l.replaced == nil {
		notify(l.Log, daemon.SdNotifyStopping)
	}
	l.dismiss(l.next)
}

// dismiss asks the process that is to take over to end as well, once: asked twice it would not finish what it has accepted.
func (l *Life) dismiss(c *child) {
	if c != nil && !c.dismissed {
		c.dismissed = true
		terminate(c.process)
	}
}

// upgrade starts the process that is to take over, unless it cannot be.
func (l *Life) upgrade(serving context.Context) {
	refused := func(why string, with ...any) { l.Log.Error("no upgrade: "+why, with...) }
	switch {
	case l.Refusal != "":
		refused(l.Refusal)
	case l.replaced != nil:
		refused("another process has taken over already: send the signal to that one", "pid", l.replaced.process.Pid)
	case l.next != nil:
		refused("one is under way", "pid", l.next.process.Pid)
	case serving.Err() != nil:
		refused("this process is about to end")
	case l.failed != nil:
		refused("the program is not found", "error", l.failed)
	default:
		c, err := begin(l.program, l.server.Address, l.server.Socket)
		if err != nil {
			refused("the new process does not start", "error", err)
			return
		}
		l.next = c
		l.Log.Info("an upgrade begins", "program", l.program, "pid", c.process.Pid)
		go func() { l.settled <- c.settle(l.Timeout) }()
	}
}

// replacedBy is what follows when the new process is ready, or will not be.
func (l *Life) replacedBy(ctx, serving context.Context, err error) (yes bool) {
	c := l.next
	l.next = nil
	switch {
	case err != nil:
		l.Log.Error("the upgrade has failed: this process goes on", "pid", c.process.Pid, "error", err)
		return false
	case serving.Err() != nil:
		l.dismiss(c)
		return false
	}
	l.replaced = c
	notify(l.Log, mainPID(c.process.Pid)) // the service manager believes it of this process alone
	if err := l.server.HandOver(ctx); err != nil {
		l.Log.Error("the accepting does not end", "error", err)
	}
	l.Log.Info("another process has taken over: connections that are open go on here", "pid", c.process.Pid, "connections", l.server.Open(), "for", l.Drain.String())
	return true
}

// report tells the service manager that the server gets on, if it does.
func (l *Life) report() {
	switch {
	case l.replaced != nil:
	case l.server.Live():
		notify(l.Log, daemon.SdNotifyWatchdog)
	default:
		l.Log.Warn("a loop has not turned: the watchdog of the service manager is not told that all is well")
	}
}

// abandon ends a process that is not ready when this one ends.
func (l *Life) abandon() {
	if l.next == nil {
		return
	}
	select {
	case err := <-l.settled:
		if err == nil {
			l.dismiss(l.next)
		}
	default:
		_ = l.next.process.Kill()
	}
}
