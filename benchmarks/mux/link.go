//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/leat-io/leat/internal/veth"
)

// A link joins two hosts and keeps packets for a while. It is a process of its own, so that it is the kernel that divides the
// processors between it and those who use it.
type link struct {
	near, far *veth.Host // of the client and of the server
	process   *exec.Cmd
	stop      io.Closer     // its standard input, whose end ends it
	said      *json.Decoder // how many packets it has dropped
}

// linkCommand is the word before a delay in the arguments of the process that is a link.
const linkCommand = "link"

// linkSize is how many bytes a link keeps in each direction: more than any window.
const linkSize = 2 * farWindow

// newLink makes two hosts and the link between them.
func newLink(delay time.Duration) (l *link, err error) {
	l = new(link)
	if l.near, l.far, err = veth.NewTUN(); err != nil {
		return nil, fmt.Errorf("packets over a distance need CAP_SYS_ADMIN, the program ip and /dev/net/tun: %w", err)
	}
	if err := l.start(delay); err != nil {
		return nil, errors.Join(err, l.near.Close(), l.far.Close())
	}
	return l, nil
}

func (l *link) start(delay time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l.process = exec.Command(self, linkCommand, delay.String())
	l.process.Stderr, l.process.ExtraFiles = os.Stderr, []*os.File{l.near.Wire, l.far.Wire}
	if l.stop, err = l.process.StdinPipe(); err != nil {
		return err
	}
	out, err := l.process.StdoutPipe()
	if err != nil {
		return err
	}
	l.said = json.NewDecoder(out)
	return l.process.Start()
}

// carry is the process that is a link.
func carry(delay string) error {
	d, err := time.ParseDuration(delay)
	if err != nil {
		return err
	}
	dropped, err := veth.Link{Delay: d, Size: linkSize}.Carry(os.NewFile(3, "near"), os.NewFile(4, "far"), os.Stdin)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(dropped)
}

// close ends the link and says how many packets it and the interfaces have lost.
func (l *link) close() (lost uint64, err error) {
	err = errors.Join(l.stop.Close(), l.said.Decode(&lost), l.process.Wait())
	for _, h := range []*veth.Host{l.near, l.far} {
		n, e := h.Lost()
		lost += n
		err = errors.Join(err, e, h.Close())
	}
	return lost, err
}

// roundTrip is how long a connection takes that the client makes to the server's host: one round trip.
func (l *link) roundTrip() (took time.Duration, err error) {
	var ln net.Listener
	l.far.Do(func() { ln, err = net.Listen("tcp", l.far.Addr4(0).String()) })
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	l.near.Do(func() {
		began := time.Now()
		var c net.Conn
		if c, err = net.Dial("tcp", ln.Addr().String()); err == nil {
			took = time.Since(began)
			c.Close()
		}
	})
	return took, err
}
