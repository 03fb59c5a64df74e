//go:build linux

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/internal/packetring"
	"github.com/leat-io/leat/internal/xdp"
)

// A frameSender sends frames.
type frameSender interface {
	Frame() []byte
	Queue(n int)
	Flush() (int, error)
}

// sending is the sender's process: it sends on a schedule, a batch each time that it is due, and says what it has sent.
func sending(told string) error {
	var r role
	if err := json.Unmarshal([]byte(told), &r); err != nil {
		return err
	}
	s, err := newSender(r)
	if err != nil {
		return err
	}
	to, err := netip.ParseAddrPort(r.To)
	if err != nil {
		return err
	}
	from, err := netip.ParseAddr(r.From)
	if err != nil {
		return err
	}
	flows := make([]packet.Template, r.Flows)
	for i := range flows {
		if flows[i], err = packet.NewTemplate(r.SrcMAC, r.DstMAC, netip.AddrPortFrom(from, uint16(10_000+i)), to); err != nil {
			return err
		}
	}
	runtime.LockOSThread()
	fmt.Println("sending")
	var sent, next uint64
	began := time.Now()
	for {
		passed := time.Since(began)
		due := uint64(passed.Seconds() * float64(r.Rate))
		if passed >= r.Length && (r.Rate == 0 || next >= uint64(r.Length.Seconds()*float64(r.Rate)) || passed > r.Length+r.Length/10) {
			break
		}
		if r.Rate > 0 && next > due {
			continue
		}
		for range r.Batch {
			f := s.Frame()
			if f == nil {
				break
			}
			t := &flows[next%uint64(len(flows))]
			f = f[:t.Size()+max(r.Size, 8)]
			binary.BigEndian.PutUint64(f[t.Size():], next)
			t.Put(f)
			s.Queue(len(f))
			next++
		}
		n, err := s.Flush()
		if err != nil {
			return err
		}
		sent += uint64(n)
	}
	return json.NewEncoder(os.Stdout).Encode(outcome{Sent: sent, Seconds: time.Since(began).Seconds()})
}

func newSender(r role) (frameSender, error) {
	switch r.Sender {
	case "xdp":
		return xdp.NewSender(xdp.Options{Interface: r.Index, Chunks: 16384, Chunk: 2048})
	case "packet":
		return packetring.NewSender(r.Index, 2048, r.Batch)
	}
	return nil, fmt.Errorf("there is no sender %q", r.Sender)
}
