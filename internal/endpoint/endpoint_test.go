package endpoint_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/endpoint"
)

func TestWhatAnAddressStandsFor(t *testing.T) {
	for address, want := range map[string]string{
		"localhost:80": "tcp localhost:80", "[::1]:80": "tcp [::1]:80", "unix:/run/s": "unix /run/s", "unix:@s": "unix @s",
		"unix:": "", "localhost": "", "::1:80": "", "": "",
	} {
		network, addr, err := endpoint.Of(address)
		if got := network + " " + addr; err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%q stands for %q, %v; want %q", address, got, err, want)
		}
	}
}

func TestOneConnectsToAHostAndAPort(t *testing.T) {
	for address, want := range map[string]string{
		"localhost:80": "", "unix:/run/s": "", "[::1]:65535": "", "localhost": "neither host:port nor unix:path", ":80": "has no host",
		"a:": "is not a number from 1 to 65535", "a:0": "is not a number", "a:http": "is not a number", "a:65536": "is not a number", "unix:": "no path",
	} {
		if err := endpoint.Check(address); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", address, err, want)
		}
	}
}
