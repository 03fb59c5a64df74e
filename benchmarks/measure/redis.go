//go:build linux

package measure

import "net"

// Redis is a redis-server that keeps nothing, with these arguments besides.
func Redis(args ...string) Server {
	return Server{Name: "redis-server", Command: func(addr string) []string {
		_, port, _ := net.SplitHostPort(addr)
		return append([]string{"redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, args...)
	}}
}
