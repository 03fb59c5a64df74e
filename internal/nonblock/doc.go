// Package nonblock is system calls on sockets that never wait. Where it can it skips what the runtime does around a call that
// may wait, which is a seventh to a third of what such a call costs: nothing here may be called on a descriptor that blocks.
// Errors are those of package syscall, EAGAIN where a call would have had to wait.
package nonblock
