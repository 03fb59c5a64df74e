package load

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

func TestTheAddressThatAnswersFirstIsKept(t *testing.T) {
	first, second, third := &syscall.SockaddrInet4{Port: 1}, &syscall.SockaddrInet4{Port: 2}, &syscall.SockaddrInet4{Port: 3}
	e := &endpoint{all: []syscall.Sockaddr{first, second, third}}
	if e.again() != syscall.Sockaddr(first) {
		t.Errorf("before any has answered it is %v", e.again())
	}
	var tried []syscall.Sockaddr
	var shares []time.Duration
	refused := errors.New("refused")
	try := func(ctx context.Context, a syscall.Sockaddr) error {
		tried = append(tried, a)
		until, _ := ctx.Deadline()
		shares = append(shares, time.Until(until))
		if a == syscall.Sockaddr(first) {
			return refused
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for range 2 {
		if err := e.reach(ctx, try); err != nil {
			t.Fatal(err)
		}
	}
	if len(tried) != 3 || tried[1] != syscall.Sockaddr(second) || tried[2] != syscall.Sockaddr(second) || e.again() != syscall.Sockaddr(second) {
		t.Errorf("tried %v, keeps %v", tried, e.again())
	}
	for i, most := range []time.Duration{20 * time.Minute, 30 * time.Minute, time.Hour} {
		if shares[i] > most || shares[i] < most-time.Minute {
			t.Errorf("attempt %d had %v", i, shares[i])
		}
	}
}

func TestTheFirstErrorOfSeveralAddressesIsTold(t *testing.T) {
	e := &endpoint{all: []syscall.Sockaddr{&syscall.SockaddrInet4{Port: 1}, &syscall.SockaddrInet4{Port: 2}}}
	errs := []error{errors.New("one"), errors.New("two")}
	want := errs[0]
	err := e.reach(t.Context(), func(context.Context, syscall.Sockaddr) error {
		err := errs[0]
		errs = errs[1:]
		return err
	})
	if err != want || len(errs) != 0 {
		t.Errorf("got %v with %d left", err, len(errs))
	}
}

func TestNamesPortsAndZonesAreResolved(t *testing.T) {
	for address, want := range map[string]netip.AddrPort{
		"127.0.0.1:80":        netip.MustParseAddrPort("127.0.0.1:80"),
		"127.0.0.1:http":      netip.MustParseAddrPort("127.0.0.1:80"),
		"[::ffff:1.2.3.4]:80": netip.MustParseAddrPort("1.2.3.4:80"),
		"[fe80::1%7]:443":     netip.MustParseAddrPort("[fe80::1%7]:443"),
		":443":                netip.MustParseAddrPort("0.0.0.0:443"),
	} {
		e := &endpoint{target: target{"tcp", address, address}}
		all, err := e.resolve(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %v, %v", address, all, err)
		}
		switch a := all[0].(type) {
		case *syscall.SockaddrInet4:
			if netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)) != want {
				t.Errorf("%s: got %+v", address, a)
			}
		case *syscall.SockaddrInet6:
			if netip.AddrFrom16(a.Addr) != want.Addr().WithZone("") || a.ZoneId != 7 || a.Port != 443 {
				t.Errorf("%s: got %+v", address, a)
			}
		}
	}
	for _, address := range []string{"127.0.0.1", "127.0.0.1:no-such-service", "[fe80::1%no-such-interface]:1"} {
		e := &endpoint{target: target{"tcp", address, address}}
		if all, err := e.resolve(t.Context()); err == nil {
			t.Errorf("%s is %v", address, all)
		}
	}
}
