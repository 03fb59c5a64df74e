// Package rival holds the source of the rival that is in C.
package rival

import _ "embed"

// EchoC is a TCP echo server, on the address that is its argument, with as many threads as GOMAXPROCS says.
//
//go:embed c/echo.c
var EchoC string
