// Package handoff gives connections that a pipeline has accepted to goroutines, each as a net.Conn: for protocols that are not stages.
//
//	desk := handoff.New(handoff.Config{}, serve)
//	p.From(tcp.Accept(addr)).To("serve", desk.Sink)
//
// Who accepts, who may connect, and how the accepting ends are the pipeline's. A connection counts as open there until the function that
// serves it has returned; the pipeline waits for that when it drains.
package handoff
