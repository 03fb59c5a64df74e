//go:build linux

package drive

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// The record of a message (RFC 8446, section 5.2): a header, the message with the octet of its type, and a tag.
const (
	recordHeader    = 5
	recordTag       = 16
	applicationData = 23
	record          = recordHeader + Message + 1 + recordTag
)

// A sealer writes the records of a connection after crypto/tls has shaken hands on it.
type sealer struct {
	aead cipher.AEAD
	iv   [12]byte
	seq  uint64 // of the next record
	got  int    // bytes of the answer
}

// secured keeps one message in flight on each connection, through TLS. Handshakes are those of crypto/tls; after them the records
// are made here, in the epoll loop, and of those that come back the headers are looked at: with goroutines and decryption the
// client would cost what a server costs, and be the limit.
func (c *client) secured() (res Result, err error) {
	conns := make(map[int32]*sealer, c.Conns)
	for range c.Conns {
		fd, s, err := c.seal()
		if err != nil {
			return res, err
		}
		conns[int32(fd)] = s
	}
	message := Pattern(1)
	for fd, s := range conns {
		if err := send(int(fd), s.next(message, c.buf)); err != nil {
			return res, err
		}
	}
	s := span{client: c, began: time.Now()}
	for {
		ready, err := c.wait()
		if err != nil {
			return res, err
		}
		for _, ev := range ready {
			peer := conns[ev.Fd]
			n, err := receive(int(ev.Fd), c.buf[:record-peer.got])
			if err != nil {
				return res, err
			}
			if n > 0 && peer.got == 0 && c.buf[0] != applicationData {
				return res, errOther
			}
			if peer.got += n; peer.got < record {
				continue
			}
			peer.got = 0
			s.done++
			if err := send(int(ev.Fd), peer.next(message, c.buf)); err != nil {
				return res, err
			}
		}
		if over, err := s.over(); err != nil {
			return res, err
		} else if over {
			return c.result(s.done, time.Since(s.began))
		}
	}
}

// seal opens a connection, shakes hands, and has one message answered, behind which there are no tickets on the way.
func (c *client) seal() (fd int, s *sealer, err error) {
	nc, err := net.Dial("tcp", c.Addr.String())
	if err != nil {
		return 0, nil, err
	}
	defer nc.Close() // the descriptor that stays is a copy
	var secrets bytes.Buffer
	tc, err := c.Secret.shake(nc, nil, func(cfg *tls.Config) { cfg.KeyLogWriter = &secrets })
	if err != nil {
		return 0, nil, err
	}
	message, got := Pattern(1), make([]byte, Message)
	if _, err := tc.Write(message); err != nil {
		return 0, nil, err
	}
	if _, err := io.ReadFull(tc, got); err != nil {
		return 0, nil, err
	}
	if !bytes.Equal(message, got) {
		return 0, nil, errOther
	}
	if s, err = newSealer(secrets.String()); err != nil {
		return 0, nil, err
	}
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	failed := raw.Control(func(p uintptr) {
		if fd, err = unix.FcntlInt(p, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			err = c.watch(fd)
		}
	})
	return fd, s, errors.Join(err, failed)
}

// newSealer derives the keys of RFC 8446, section 7.3, from what crypto/tls logs. One record has been sent.
func newSealer(log string) (*sealer, error) {
	const label = "CLIENT_TRAFFIC_SECRET_0"
	var random, text string
	at := bytes.Index([]byte(log), []byte(label))
	if at < 0 {
		return nil, errors.New("crypto/tls has logged no secret")
	}
	if _, err := fmt.Sscanf(log[at+len(label):], "%s %s", &random, &text); err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	key, err := expand(secret, "key", 16)
	if err != nil {
		return nil, err
	}
	iv, err := expand(secret, "iv", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s := &sealer{seq: 1, iv: [12]byte(iv)}
	s.aead, err = cipher.NewGCM(block)
	return s, err
}

// expand is HKDF-Expand-Label with an empty context.
func expand(secret []byte, label string, n int) ([]byte, error) {
	label = "tls13 " + label
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), byte(len(label)))
	return hkdf.Expand(sha256.New, secret, string(info)+label+"\x00", n)
}

// next is the record of a message, in b.
func (s *sealer) next(message, b []byte) []byte {
	nonce := s.iv
	seq := binary.BigEndian.Uint64(nonce[4:]) ^ s.seq
	binary.BigEndian.PutUint64(nonce[4:], seq)
	s.seq++
	b = append(b[:0], applicationData, 3, 3, 0, record-recordHeader)
	b = append(append(b, message...), applicationData)
	return s.aead.Seal(b[:recordHeader], nonce[:], b[recordHeader:], b[:recordHeader])
}
