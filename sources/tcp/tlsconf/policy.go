package tlsconf

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The policies. The names are those of Mozilla's recommendations (wiki.mozilla.org/Security/Server_Side_TLS).
const (
	Modern       = "modern"       // TLS 1.3 alone
	Intermediate = "intermediate" // TLS 1.2 too, with forward secrecy and authenticated encryption
)

// Policies are the names of all.
var Policies = []string{Intermediate, Modern}

// intermediate are the ciphers of TLS 1.2 that are left; those of TLS 1.3 are all good.
var intermediate = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

var curves = map[string]tls.CurveID{
	"x25519mlkem768": tls.X25519MLKEM768, "x25519": tls.X25519, "p256": tls.CurveP256, "p384": tls.CurveP384, "p521": tls.CurveP521,
}

// Curves are the names of the key exchanges.
func Curves() []string { return slices.Sorted(maps.Keys(curves)) }

// apply sets policy and key exchanges of a config. Without names the key exchanges are those of crypto/tls, with
// X25519MLKEM768 first.
func apply(c *tls.Config, policy string, names []string) error {
	switch policy {
	case "", Intermediate:
		c.MinVersion, c.CipherSuites = tls.VersionTLS12, intermediate
	case Modern:
		c.MinVersion = tls.VersionTLS13
	default:
		return fmt.Errorf("there is no policy %q of TLS; choose %s", policy, strings.Join(Policies, ", "))
	}
	for _, name := range names {
		id, ok := curves[strings.ToLower(name)]
		if !ok {
			return fmt.Errorf("there is no key exchange %q; choose among %s", name, strings.Join(Curves(), ", "))
		}
		c.CurvePreferences = append(c.CurvePreferences, id)
	}
	return nil
}
