// Package health finds out which backends serve, and keeps requests from harming those that do not.
//
// What a backend is asked for, beside the traffic: a [Monitor] runs a [Checker] ([TCP], [Ping], [SendExpect], [Func]) against each
// of a changing set of targets, more often while one is in doubt and seldom when it has long been dead.
//
// What the traffic says: an [Outlier] ejects those that fail or are slow beside their peers. A [Verdict] combines both for one
// member: it is up while all say so.
//
// What a request meets on its way: a [Breaker] for each backend, a [Timeout] that follows the distribution of the latencies
// ([Latency]), a second copy ([Hedge]) or a retry ([Backoff]) when the [Budget] has room for it. These cost a few nanoseconds
// a request, take no lock where all is well, and allocate nothing.
//
// Each type is usable alone. All are safe for concurrent use, and take their time from a Now that tests may replace. A field
// of options that is zero means its default; where a negative value switches something off, the field says so.
//
//	m, err := health.NewMonitor(health.Ping(health.Credentials{}), health.MonitorOptions{Interval: time.Second})
//	m.Apply([]health.Target{{Name: "a", Address: "127.0.0.1:6379", Member: member}})
//	go m.Run(ctx)
package health
