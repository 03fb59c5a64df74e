// Command tls echoes with a goroutine for each connection, on crypto/tls over package net.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
)

// curves are the key exchanges by their names.
var curves = map[string]tls.CurveID{"X25519": tls.X25519, "X25519MLKEM768": tls.X25519MLKEM768}

func main() {
	cert := flag.String("cert", "", "file of the certificate")
	key := flag.String("key", "", "file of its key")
	curve := flag.String("curve", "X25519", "key exchange")
	flag.Parse()
	err := serve(*cert, *key, curves[*curve], flag.Arg(0))
	fmt.Fprintln(os.Stderr, "tls:", err)
	os.Exit(1)
}

func serve(cert, key string, curve tls.CurveID, addr string) error {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	ln, err := tls.Listen("tcp", addr, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{curve}})
	if err != nil {
		return err
	}
	for {
		nc, err := ln.Accept()
		if err != nil {
			return err
		}
		go echo(nc)
	}
}

func echo(nc net.Conn) {
	defer nc.Close()
	for b := make([]byte, 4096); ; {
		n, err := nc.Read(b)
		if err != nil {
			return
		}
		if _, err := nc.Write(b[:n]); err != nil {
			return
		}
	}
}
