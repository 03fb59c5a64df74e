//go:build !unix

package tcp

import "github.com/leat-io/leat/internal/tlsio"

// tlsServed says whether this system has what TLS needs: sockets that can be read without waiting.
const tlsServed = false

func (c *conn) session() *tlsio.Session { return c.tls }

func (c *conn) shake() (ok bool) { return true }

func (c *conn) farewell() (said bool) { return true }

func (c *conn) part() {}
