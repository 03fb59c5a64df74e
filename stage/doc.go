// Package stage is the vocabulary of an assembly: messages, stages, lanes, and the connections that messages answer.
//
// A [Stage] turns a batch of messages into a batch of messages. A message is a struct whose first field is [Head], and an
// edge between two stages carries pointers to such structs. A [Lane] is one goroutine with its own instance of every stage
// that is fused into it, so a stage needs no lock.
//
//	upper := stage.Do(func(l *line.Line) { copy(l.Text, bytes.ToUpper(l.Text)) })
//
// # Lifetime
//
// A message is borrowed until the batch in which it arrived has left the lane. Then the lane takes every message of that
// batch back, whether it was passed on or dropped: its struct, and the bytes that it points at. A stage that wants to keep
// a message longer calls [Retain], and brings it back into a later batch with [Kept.Take]. Nothing is ever freed by hand.
// Builds with the tag leakcheck poison what was taken back and name the stage that used it afterwards.
//
// # Order
//
// The decoder gives each request a ticket: its connection and its place in the order of requests. What is made from the
// request inherits the ticket, and the answer goes out when its turn has come, whichever lane made it. A ticket whose
// message was dropped is void and holds up nobody. A stage that makes messages of another type without [Map], [FlatMap] or
// [Split] takes them from an [Arena] and moves the ticket with [Head.Inherit].
//
// The package imports nothing else of the module.
package stage
