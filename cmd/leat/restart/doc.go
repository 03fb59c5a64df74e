// Package restart is the life of a server process between others: it takes sockets from systemd or from the process before it,
// says when it is ready, and on SIGUSR2 starts the process that comes after it.
//
// An upgrade goes like this. The old process starts the program anew, with its own arguments and environment, and gives it the
// listening socket. The new one says that it is ready when it accepts; until then nothing has changed, and if it never says so
// the old one goes on. Then the old one stops accepting, keeps the connections that it has until they end or its time is up, and
// ends. At every moment somebody accepts from the socket, which exists all along, so no attempt to connect fails.
//
// What a process is given, it is given as systemd gives it: descriptors from 3 on, LISTEN_FDS and LISTEN_FDNAMES. The process
// before hands over one descriptor more, a pipe that is written to when the new process is ready (LEAT_READY_FD).
package restart
