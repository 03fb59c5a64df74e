package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/cmd/leat/redis"
)

// proxyFlags is the one place where a field of the assembly gets its flag, and with it its variable and its key in files.
func proxyFlags(f *pflag.FlagSet, cfg *assembly.Proxy) {
	f.StringVar(&cfg.Mode, "mode", cfg.Mode, "what is passed on: redis, frame (messages that begin with their length in 32 bits), or tunnel (connections as they are)")
	f.StringVar(&cfg.Listen, "listen", cfg.Listen, "address to listen on, host:port or unix:PATH; without a host, 127.0.0.1; systemd or systemd:NAME for a socket that systemd passes")
	f.IntVar(&cfg.Loops, "loops", cfg.Loops, "threads that serve clients and servers; 0 for one on each processor")
	f.IntVar(&cfg.MaxConns, "max-conns", cfg.MaxConns, "clients at a time; more are closed at once")
	f.IntVar(&cfg.MaxPerAddress, "max-conns-per-address", cfg.MaxPerAddress, "clients at a time from one IPv4 address or IPv6 /64; 0 for no limit")
	f.Float64Var(&cfg.AcceptRate, "accept-rate", cfg.AcceptRate, "clients accepted a second, more wait in the backlog; 0 for no limit")
	f.Float64Var(&cfg.AcceptRatePerAddress, "accept-rate-per-address", cfg.AcceptRatePerAddress, "clients a second from one IPv4 address or IPv6 /64, those of a second and at least 8 at once, more are closed; 0 for no limit")
	config.SizeVar(f, &cfg.MaxMessage, "max-message", "longest argument of a command, or longest message of the mode frame")
	config.SecretVar(f, &cfg.Password, "requirepass", "the password that clients must give")
	f.DurationVar(&cfg.Drain, "drain", cfg.Drain, "time to answer what was accepted after SIGTERM")
	f.IntVar(&cfg.Limits.InFlight, "in-flight", cfg.Limits.InFlight, "requests of one client that are worked on at a time")
	config.SizeVar(f, &cfg.Limits.OutHigh, "output-high", "answers that may wait for a client before it is not read any more")
	config.SizeVar(f, &cfg.Limits.OutLow, "output-low", "answers that wait when it is read again")
	config.SizeVar(f, &cfg.Limits.OutHard, "max-output", "answers that may wait for a client that does not read, before it is closed; also the longest answer that is made of several")
	f.DurationVar(&cfg.Limits.FirstMessage, "first-message", cfg.Limits.FirstMessage, "time from accept to the first complete message, or to the end of the PROXY header and ClientHello that a tunnel waits for; 0 for no limit")
	f.DurationVar(&cfg.Limits.Idle, "idle", cfg.Limits.Idle, "time without a request, or without a byte of a tunnel, after which a client is closed; 0 for no limit")

	f.Var(&cfg.Servers, "servers", "servers that have the keys, with commas between: [name=]address[*weight][+replica...]")
	f.Var(&cfg.Discover, "discover", "where servers are found, instead of naming them: dns:HOST:PORT, srv:NAME, file:PATH, with commas between")
	f.StringVar(&cfg.User, "server-user", cfg.User, "user that servers are told which name none")
	config.SecretVar(f, &cfg.Secret, "server-password", "the password of servers that name none")
	f.StringVar(&cfg.Keys.Hash, "hash", cfg.Keys.Hash, "hash of a key: xxhash, or one of nutcracker's: fnv1a_64 (its default), md5, crc16, crc32, crc32a, fnv1_64, fnv1_32, fnv1a_32, murmur, hsieh, one_at_a_time")
	f.StringVar(&cfg.Keys.Distribution, "distribution", cfg.Keys.Distribution, "how hashes are divided: maglev, ring, rendezvous, or one of nutcracker's: ketama (its default), modula")
	f.StringVar(&cfg.Keys.Tag, "hash-tag", cfg.Keys.Tag, "two characters between which stands what is hashed of a key; empty for the whole key")
	f.StringVar(&cfg.Channels, "channels", cfg.Channels, "name of the server that has the channels of PUBLISH and SUBSCRIBE; the first when empty")
	f.IntVar(&cfg.Databases, "databases", cfg.Databases, "databases that SELECT may name")
	f.StringVar(&cfg.ReadFrom, "read-from", cfg.ReadFrom, "who answers what changes nothing: primary, replica, any, nearest (any, those of the zone first)")
	f.StringVar(&cfg.Balance, "balance", cfg.Balance, "which one of several servers of a shard answers, or of all in the modes frame and tunnel: "+strings.Join(assembly.Balances, ", ")+"; in these also client-hash, client-sticky")
	f.StringVar(&cfg.Zone, "zone", cfg.Zone, "where this proxy is, to read from the nearest")
	f.StringVar(&cfg.Region, "region", cfg.Region, "what its zone belongs to")
	f.BoolVar(&cfg.Eject, "eject", cfg.Eject, "while a server is down others have its keys: for caches only")

	f.StringVar(&cfg.Pool, "pool", cfg.Pool, "how connections to servers are used: pipelined (clients share them), exclusive (one at a time), none (a new one each time)")
	f.IntVar(&cfg.Connections, "connections", cfg.Connections, "connections of a loop to a server that clients share")
	f.IntVar(&cfg.Depth, "depth", cfg.Depth, "requests in flight on a connection that clients share")
	f.IntVar(&cfg.MaxOpen, "max-open", cfg.MaxOpen, "connections to a server")
	f.IntVar(&cfg.MinIdle, "min-idle", cfg.MinIdle, "connections to a server that are kept ready")
	f.DurationVar(&cfg.IdleTimeout, "idle-timeout", cfg.IdleTimeout, "time after which a connection to a server that is not used is closed; 0 for never")
	f.DurationVar(&cfg.MaxLifetime, "max-lifetime", cfg.MaxLifetime, "age at which a connection to a server is replaced; 0 for never")
	f.DurationVar(&cfg.Connect, "connect-timeout", cfg.Connect, "time for a connection to a server to be made")
	f.DurationVar(&cfg.Timeout, "timeout", cfg.Timeout, "time for a server to reply, after which its connection is closed")
	f.DurationVar(&cfg.Patience, "patience", cfg.Patience, "time for which a command may wait for a connection of its own")
	f.IntVar(&cfg.Retries, "retries", cfg.Retries, "times that a command is sent again whose connection was lost, if it was not sent or changes nothing")
	f.BoolVar(&cfg.Idempotent, "idempotent", cfg.Idempotent, "in the mode frame, every message may be served twice: it is sent again when its connection is lost")
	f.BoolVar(&cfg.Fence, "fence", cfg.Fence, "put an ECHO behind requests on shared connections, to notice a server that sends a reply too many or too few")
	f.DurationVar(&cfg.CheckEvery, "check-every", cfg.CheckEvery, "time between two checks whether a server is alive; 0 for none")
	f.DurationVar(&cfg.CheckTimeout, "check-timeout", cfg.CheckTimeout, "time for a server to answer a check")
	f.IntVar(&cfg.Fall, "fall", cfg.Fall, "failed checks in a row that take a server out")
	f.IntVar(&cfg.Rise, "rise", cfg.Rise, "checks in a row that bring a server back")
	tunnelFlags(f, cfg)
	socketFlags(f, &cfg.Socket)
}

// tunnelFlags are those of the mode tunnel alone.
func tunnelFlags(f *pflag.FlagSet, cfg *assembly.Proxy) {
	f.Var(&cfg.Names, "names", "servers by the name that a TLS client asks for, of its hello, which is not decrypted, or with tls-cert of its handshake: NAME=address[*weight][+address...], with commas between; --servers has the others")
	f.Var(&cfg.Allow, "allow", "addresses and networks from which clients may connect; all when empty")
	f.Var(&cfg.Deny, "deny", "addresses and networks from which none may, also if they are allowed")
	f.DurationVar(&cfg.HalfClosed, "half-closed", cfg.HalfClosed, "time for which one side may be silent when the other has ended its stream; 0 for no limit")
	f.DurationVar(&cfg.WriteStall, "write-stall", cfg.WriteStall, "time for which a side may take nothing of what waits for it; 0 for no limit")
	f.Var(&cfg.ProxyFrom, "proxy-from", "addresses and networks of proxies, whose PROXY header says who a client is; they must send one")
	f.StringVar(&cfg.SendProxy, "send-proxy", cfg.SendProxy, "send servers a PROXY header that says who the client is: v1 or v2")
	f.StringVar(&cfg.AccessLog, "access-log", cfg.AccessLog, "file for a line of JSON about each connection, opened again by SIGHUP; - for the standard output")
	tlsFlags(f, &cfg.TLS)
	f.DurationVar(&cfg.Handshake, "handshake-timeout", cfg.Handshake, "time for a handshake of TLS, with a client or a server; 0 for no limit")
	serverTLSFlags(f, &cfg.ServerTLS)
	f.StringVar(&cfg.Mirror.To, "mirror", cfg.Mirror.To, "address that is sent what clients send as well, and whose answers are thrown away; empty for none")
	f.Float64Var(&cfg.Mirror.Share, "mirror-share", cfg.Mirror.Share, "share of the connections that are mirrored, more than 0 and at most 1")
}

// The flags that not all modes know.
var (
	redisFlags = []string{
		"requirepass", "server-user", "server-password", "hash", "distribution", "hash-tag", "channels", "databases", "read-from", "zone", "region",
		"eject", "fence",
	}
	messageFlags = []string{
		"max-message", "in-flight", "output-high", "output-low", "max-output", "pool", "connections", "depth", "min-idle", "idle-timeout", "max-lifetime",
		"timeout", "patience",
	}
	frameFlags  = []string{"idempotent"}
	onlyTunnels = []string{
		"names", "allow", "deny", "half-closed", "write-stall", "proxy-from", "send-proxy", "access-log",
		"tls-cert", "tls-key", "tls-client-ca", "tls-client-auth", "tls-policy", "tls-curves", "tls-alpn", "tls-tickets", "tls-handshakes", "handshake-timeout",
		"server-tls", "server-ca", "server-name", "server-cert", "server-key", "mirror", "mirror-share",
	}
	misplacedFlags = map[string][]string{
		"redis":  slices.Concat(frameFlags, onlyTunnels, []string{"discover"}),
		"frame":  slices.Concat(redisFlags, onlyTunnels),
		"tunnel": slices.Concat(redisFlags, messageFlags, frameFlags),
	}
)

// misplaced says which of the settings that were chosen mean nothing in the mode.
func misplaced(mode string, chosen func(flag string) bool) error {
	var errs []error
	for _, f := range misplacedFlags[mode] {
		if chosen(f) {
			errs = append(errs, fmt.Errorf("--%s means nothing in the mode %s: leave it out", f, mode))
		}
	}
	return errors.Join(errs...)
}

// proxyWords are the flags that take one of some words.
var proxyWords = map[string][]string{
	"mode": assembly.Modes, "read-from": redis.Reads, "balance": assembly.ClientBalances, "pool": assembly.Pools, "send-proxy": assembly.ProxyVersions[1:], "server-tls": assembly.ServerTLSModes,
	"hash": redis.HashNames(), "distribution": redis.DistributionNames(),
}
