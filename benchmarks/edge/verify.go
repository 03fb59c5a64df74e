//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/leat-io/leat/benchmarks/drive"
)

// verify says whether a candidate passes on what it proxies, and echoes or answers what it decrypts.
func (t table) verify(ctx context.Context, p programs, c candidate) error {
	r := t.rows[0]
	r.Kind = drive.Closed // behind a proxy stands what echoes
	u, err := t.start(ctx, p, c, r)
	if err != nil {
		return err
	}
	defer u.stop()
	if t.secure && c.answers {
		err = answered(u.addr, u.dial)
	} else {
		err = drive.Verify(u.addr, u.dial)
	}
	if err != nil {
		return fmt.Errorf("%s does not answer as it should: %w", c.name, err)
	}
	return nil
}

// answered says whether HTTP is.
func answered(addr string, dial drive.Dialer) error {
	nc, err := dial(addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	if _, err := nc.Write(drive.Request()); err != nil {
		return err
	}
	b := make([]byte, 4096)
	n, err := io.ReadAtLeast(nc, b, drive.Message)
	if !strings.HasPrefix(string(b[:n]), "HTTP/1.1 200 ") {
		return fmt.Errorf("the answer is %q, %w", b[:n], err)
	}
	return err
}
