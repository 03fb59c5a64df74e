// Package discovery says where the backends of a pool are, and has the pool follow when that changes.
//
// A [Source] finds them: [Static] has a list, [DNS] and [SRV] ask name servers and know how long an answer holds, and [File] watches
// a file. [Join] makes one of several. Anybody may write another: it calls a function with the whole list whenever that has
// changed, and says what is wrong when it cannot know. [Follow] hands what a source finds to a pool:
//
//	p, err := pool.New(nil, balance.P2C())
//	s, err := discovery.DNS("cache.example.org:6379", discovery.DNSOptions{})
//	go discovery.Follow(ctx, s, p.Apply, discovery.Options{})
//
// A failure changes nothing: what was found before stays. Nor does a list that is empty, unless [Options] allow that.
package discovery
