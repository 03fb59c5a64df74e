// Package tlsconf makes configurations of TLS, for servers and clients, from names and files.
//
// A [Server] has certificates that can be read again while connections are served: those that are open stay, new ones get the new
// certificates, and sessions that were begun before can still be resumed. A file that cannot be used changes nothing, and the
// error says why. Clients that must have a certificate are verified by the authorities of a file, and by nobody where that file
// is not good: there is no way in which it would fail open.
//
//	live, err := tlsconf.Server{Pairs: []tlsconf.Pair{{"a.crt", "a.key"}}}.Open()
//	source := tcp.Listen(addr, tcp.TLS(live.Config()))
//	go live.Watch(ctx, time.Second, log)
package tlsconf
