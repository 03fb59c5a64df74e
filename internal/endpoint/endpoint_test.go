package endpoint_test

import (
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
