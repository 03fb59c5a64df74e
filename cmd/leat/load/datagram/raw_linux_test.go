package datagram

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/vethtest"
)

// Frames that are sent past the stack come out of the far host's socket, each once.
func TestRawSendersReachASinkOverACable(t *testing.T) {
	near, far := vethtest.Pair(t)
	for i, s := range []Sender{Packet, XDP} {
		address := netip.AddrPortFrom(far.IP4, uint16(9000+i)).String()
		done := make(chan Result, 1)
		bound := make(chan struct{})
		go far.Do(func() {
			cfg, err := Config{Role: Sink, Address: address}.withDefaults()
			if err != nil {
				t.Error(err)
				return
			}
			socks, err := listen(cfg) // on this thread, which is in the host's network
			if err != nil {
				t.Error(err)
				return
			}
			close(bound)
			res, err := newRun(t.Context(), cfg).receiveFrom(socks)
			if err != nil {
				t.Error(err)
			}
			done <- res
		})
		<-bound
		var sent Result
		near.Do(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var err error
			sent, err = Run(ctx, Config{
				Role: SendOnly, Address: address, Sender: s, Rate: 20_000, Requests: 4000, Flows: 3, Message: 100, Raw: Raw{Interface: near.Iface},
			})
			if err != nil {
				t.Errorf("%s: %v", s, err)
			}
		})
		if sent.Sent == 0 {
			continue
		}
		got := <-done
		if sent.Sent != 4000 || got.Sent != 4000 || got.Lost != sent.Overrun || got.Corrupt+got.Duplicates+got.Reordered+got.Foreign != 0 || got.Flows != 3 || got.Sender != s || got.Trains {
			t.Errorf("%s: sent %+v\nreceived %+v", s, sent, got)
		}
	}
}

func TestARawSenderSaysWhatItLacks(t *testing.T) {
	near, _ := vethtest.Pair(t)
	for want, cfg := range map[string]Config{
		"the interface nowhere":               {Raw: Raw{Interface: "nowhere"}},
		"the interface lo is no Ethernet":     {Raw: Raw{Interface: "lo"}},
		"hardware address of 10.77.0.9 is no": {Address: "10.77.0.9:1", Raw: Raw{Interface: near.Iface}},
		`"pigeon" is no hardware address`:     {Raw: Raw{Interface: near.Iface, MAC: "pigeon"}},
		"is more than the interface":          {Message: 1480, Raw: Raw{Interface: near.Iface}},
	} {
		cfg.Role, cfg.Sender, cfg.Requests = SendOnly, Packet, 1
		if cfg.Address == "" {
			cfg.Address = "10.77.0.2:9000"
		}
		near.Do(func() {
			if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
