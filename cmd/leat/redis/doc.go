// Package redis is a proxy of the Redis protocol that spreads keys over many servers: what it knows of the commands, where it
// sends them, and how it makes one answer of several.
//
// It is an assembly like any other. The lane that reads decodes requests, and a session follows what they mean for their
// connection: its password, its database, its transaction, its subscriptions. It answers what concerns the connection, and
// sends the rest to the shard that has the keys. A request whose keys are on several shards is split, and its answer joined.
//
// A client sees one Redis, with these differences. Commands that need all their keys in one place get CROSSSLOT when they are
// not, unless they are MGET, MSET, DEL, UNLINK, EXISTS or TOUCH; those are not atomic over several shards: when a part fails
// its error is the whole answer, and the other parts have been done. A transaction works on one shard. Channels live on one
// server. What one server cannot answer for all, and what would harm those who share its connections, is refused, and the
// error says why. With one shard most of these differences are gone.
package redis
