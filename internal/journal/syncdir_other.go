//go:build !unix

package journal

// syncDir does nothing: a directory cannot be synced here, and its file system journals names by itself.
func syncDir(string) error { return nil }
