// Package reactor is a loop that waits for many descriptors on one locked thread and carries the lanes that serve them.
//
// A turn of a [Loop] hands out what the kernel reported, and then lets each [Rider] do its work, so what several descriptors
// brought can go through a lane as one batch. Nothing that runs on a loop may wait. Other goroutines reach it by [Loop.Post],
// and their messages are seen in the next turn; a loop that sleeps is woken once, however many there are.
//
// What the loop waits for is a [Kernel]. [Epoll] watches descriptors by edges (EPOLLET, epoll(7)): whoever has not read
// everything must remember that, because the kernel says it once. In return nothing has to be switched off when there is no
// room to read into, and a stalled loop sleeps.
//
// Only Linux has it.
package reactor
