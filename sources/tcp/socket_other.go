//go:build !unix

package tcp

import "net"

type socket = *net.TCPConn

func (c *conn) closeWrite() { c.sock.CloseWrite() }

func (c *conn) reset() { c.sock.SetLinger(0) }

// Peer implements stage.Port.
func (c *conn) Peer() string { return c.sock.RemoteAddr().String() }
