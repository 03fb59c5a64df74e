//go:build !linux

package pool

// Where there is no epoll, what happens to an idle connection is seen when it is to be used.

type watcher struct{ pool *Pool }

type watch struct{}

func (*watcher) add(*Conn) {}

func (*watcher) lift(*Conn, int64) (due int64) { return never }

func (*watcher) close() {}
