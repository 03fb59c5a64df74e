package tlsio

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/leat-io/leat/stage"
)

// Why a peer does not speak TLS at all.
var (
	// ErrPlainHTTP is the first line of a request of HTTP where a ClientHello should be.
	ErrPlainHTTP = errors.New("the peer speaks HTTP without TLS")
	// ErrNotTLS is anything else that is not a ClientHello.
	ErrNotTLS = errors.New("the peer does not speak TLS")
)

// recordHandshake is the type of records of the handshake, and versionMajor the first byte of the version in all records.
const (
	recordHandshake = 22
	versionMajor    = 3
)

// helloSize is how long the first record of a client is, by its header.
func helloSize(b []byte) (int, error) {
	n := int(b[3])<<8 | int(b[4])
	if b[0] != recordHandshake || b[1] != versionMajor {
		return 0, notTLS(b)
	}
	if n == 0 || n > longestHello {
		return 0, fmt.Errorf("%w: its first record has %d bytes", ErrNotTLS, n)
	}
	return headerSize + n, nil
}

// notTLS says what a peer speaks instead.
func notTLS(b []byte) error {
	for _, method := range []string{"GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ", "DELETE ", "CONNECT ", "PATCH ", "PRI * "} {
		if bytes.HasPrefix([]byte(method), b[:min(len(b), headerSize, len(method))]) {
			return ErrPlainHTTP
		}
	}
	return ErrNotTLS
}

// Reason is a label for why a handshake failed, for counters. There are few.
func Reason(err error) string {
	if errors.Is(err, stage.ErrStopped) {
		return "stopped"
	}
	if r, ok := errors.AsType[tls.RecordHeaderError](err); ok && r.RecordHeader[0] != recordHandshake {
		err = notTLS(r.RecordHeader[:])
	}
	text := err.Error()
	switch {
	case errors.Is(err, ErrPlainHTTP):
		return "plain http"
	case errors.Is(err, ErrNotTLS):
		return "not tls"
	case errors.Is(err, errAborted), errors.Is(err, net.ErrClosed):
		return "given up"
	case errors.Is(err, stage.ErrPanic):
		return "panic"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, stage.ErrReset):
		return "peer gone"
	case strings.Contains(text, "remote error: "):
		return "refused by the peer"
	case strings.Contains(text, "unsupported versions"), strings.Contains(text, "protocol version"):
		return "version"
	case strings.Contains(text, "no cipher suite supported"), strings.Contains(text, "no key exchanges supported"), strings.Contains(text, "no ECDHE curve"):
		return "nothing in common"
	case strings.Contains(text, "application protocol"):
		return "application protocol"
	case strings.Contains(text, "didn't provide a certificate"):
		return "no certificate of the peer"
	}
	return certificateReason(err)
}

func certificateReason(err error) string {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "certificate of the peer expired"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "certificate of the peer of an unknown authority"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "certificate of the peer invalid"
	}
	return "other"
}
