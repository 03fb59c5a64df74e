package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// A Pair is the files of a certificate, with those that lead to its authority behind it, and of its private key, in PEM.
type Pair struct{ Cert, Key string }

// mostFile bounds a file that is read.
const mostFile = 16 << 20

// load reads a pair, and says what is odd about it although it can be used.
func (p Pair) load() (c tls.Certificate, warnings []string, err error) {
	if p.Cert == "" || p.Key == "" {
		return c, nil, errors.New("a certificate needs two files, its own and that of its key")
	}
	cert, _, err := readFile(p.Cert)
	if err != nil {
		return c, nil, fmt.Errorf("the certificate: %w", err)
	}
	key, mode, err := readFile(p.Key)
	if err != nil {
		return c, nil, fmt.Errorf("the key: %w", err)
	}
	if c, err = tls.X509KeyPair(cert, key); err != nil {
		return c, nil, fmt.Errorf("the certificate %s with the key %s: %w", p.Cert, p.Key, err)
	}
	if mode&0o007 != 0 && runtime.GOOS != "windows" {
		warnings = append(warnings, fmt.Sprintf("the key %s may be read by others: its permissions are %v", p.Key, mode))
	}
	if time.Now().After(c.Leaf.NotAfter) {
		warnings = append(warnings, fmt.Sprintf("the certificate %s has expired: it was good until %v", p.Cert, c.Leaf.NotAfter))
	}
	return c, warnings, nil
}

// authorities reads a file of certificates, of which there must be one.
func authorities(path string) (*x509.CertPool, error) {
	b, _, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("the authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("the authorities: there is no certificate in %s", path)
	}
	return pool, nil
}

func readFile(path string) ([]byte, os.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.Size() > mostFile {
		return nil, 0, fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), mostFile)
	}
	b, err := os.ReadFile(path)
	return b, info.Mode().Perm(), err
}
