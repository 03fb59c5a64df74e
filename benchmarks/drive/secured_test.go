//go:build linux

package drive

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"testing"
)

// The server of RFC 8448, section 3 (a simple handshake), as the peer that decrypts is crypto/tls in the tests of the benchmarks;
// here are the keys of its client's application traffic.
func TestKeysAreThoseOfTheTraceInRFC8448(t *testing.T) {
	secret, err := hex.DecodeString("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{"key": "17422dda596ed5d9acd890e3c63f5051", "iv": "5b78923dee08579033e523d9"} {
		got, err := expand(secret, label, len(want)/2)
		if err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v", label, got, err)
		}
	}
}

func TestALogWithoutTheSecretGivesNoKeys(t *testing.T) {
	for _, log := range []string{"", "CLIENT_HANDSHAKE_TRAFFIC_SECRET 00 11\n", "CLIENT_TRAFFIC_SECRET_0 00\n", "CLIENT_TRAFFIC_SECRET_0 00 xy\n"} {
		if _, err := newSealer(log); err == nil {
			t.Errorf("%q gives keys", log)
		}
	}
}

func TestARequestHasTheLengthOfAMessage(t *testing.T) {
	if b := Request(); len(b) != Message || !bytes.HasSuffix(b, []byte("\r\n\r\n")) {
		t.Errorf("%q", b)
	}
}

func TestNothingIsTakenForAServerWithoutACertificate(t *testing.T) {
	if _, err := (&Secret{Curve: tls.X25519}).Dial("127.0.0.1:1", nil); err == nil {
		t.Error("no error")
	}
}
