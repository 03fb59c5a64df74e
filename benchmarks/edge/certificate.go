//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// host is in the certificate.
const host = "localhost"

func (p programs) cert() string { return filepath.Join(p.dir, "cert.pem") }
func (p programs) key() string  { return filepath.Join(p.dir, "key.pem") }

// both is the file that haproxy wants.
func (p programs) both() string { return filepath.Join(p.dir, "both.pem") }

// certify makes a P-256 key and a certificate that it signs itself, and returns the latter as PEM.
func (p programs) certify() (cert []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return cert, errors.Join(os.WriteFile(p.cert(), cert, 0o600), os.WriteFile(p.key(), secret, 0o600), os.WriteFile(p.both(), append(secret, cert...), 0o600))
}
