// Package load drives a request/reply server over TCP or Unix sockets and measures it: the engine of `leat load`.
//
// It has two loops, and they answer different questions.
//
// The closed loop (Config.Rate is 0) keeps Depth requests in flight on each of Conns connections and sends the next one when
// a reply arrives. It finds the most a server can do. Its latencies describe that saturated state only: by Little's law
// they cannot be below connections x depth / throughput, and a server that stalls is simply asked less.
//
// The open loop (Rate > 0, or a Profile) sends on a schedule that the server cannot slow down: request k of user c is due at
// (c + k·Conns)/Rate seconds, and its latency is counted from that instant, whenever it could in fact be sent. That is
// the correction for coordinated omission: a stall of 50 ms is charged to every request that was due within it. The
// uncorrected figure, from the write to the reply, is given beside it as the service time, and the client's own
// lateness in offering requests as Late: when Late is large the client, not the server, is the bottleneck.
//
//	res, err := load.Run(ctx, load.Config{
//		Address: "127.0.0.1:7000", Protocol: load.Frame, Reply: load.Upper,
//		Conns: 64, Rate: 50_000, Duration: 10 * time.Second,
//	})
//	res.WriteText(os.Stdout)
//
// # Users and connections
//
// Each of Conns users has a connection of its own, opened before the run. With Config.Pool the users share fewer, or open one for
// each turn: a user waits for a connection, sends up to Depth requests, reads the replies, and gives the connection back. Latency
// then begins with the wish for a connection, and Result.Connect shows that part of it.
//
// # What is checked
//
// Every reply is compared byte for byte with what its request makes right. A request carries its connection's number and its own
// sequence number, so a reply that was lost, repeated, swapped within a connection or sent to the wrong one is noticed.
// A message of 12 bytes or more tells 65 536 connections and 2^32 requests of each apart. Of a shorter one, letters 1, 3, 5, 7
// are hexadecimal digits of the sequence number, lowest first, letters 2, 4, 6, 8 of the connection: with one byte
// replies swapped at a distance of 16 go unnoticed, with three bytes those at a distance of 256.
//
// With RESP the requests are commands, drawn from a sequence that the judge of the replies draws, too. A value follows from its key, so
// that any connection knows it; INCR must give more than it last gave to the same user for the same counter.
//
// # What is counted
//
// Every request that was begun ends in exactly one of OK, Mismatched, Unanswered and Unsent, and Requests is their sum.
// Sent is OK + Mismatched + Unanswered: requests whose last byte the client's kernel accepted. A connection that fails ends and, but for
// one of a pool, is not dialed again; what was in flight on it is Unanswered, and the run goes on with the others. In the open loop its
// part of the schedule ends with it, so Requests / Elapsed then falls short of the rate asked for.
//
// Requests begun during the warm-up are checked like the others but are counted only when they fail.
//
// # What a client can know of a drain
//
// A server that stops on SIGTERM and answers what it had accepted closes the connection after the last reply. The client goes on
// sending until it sees that, so Unanswered is then rarely 0: it holds the requests that were written into the socket
// and that the server never read. The client cannot tell these from accepted ones that were lost. Two things it can say exactly:
// how many replies it was given, OK + Mismatched, which "accepted = answered" wants to equal the server's own count of
// accepted requests; and when the oldest unanswered request was sent (Result.OldestUnanswered). Over loopback bytes arrive as they are
// written, so none sent before the signal may be unanswered. The time is taken just before the write, which on a busy
// machine may follow some milliseconds later.
package load
