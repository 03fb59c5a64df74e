module github.com/leat-io/leat/benchmarks

go 1.27.0

toolchain go1.27.4

// Package net listens on Multipath TCP by itself, which costs a server some per cent and has nothing to do with what is compared.
godebug multipathtcp=0

require (
	github.com/Workiva/go-datastructures v1.1.7
	github.com/cloudwego/netpoll v0.7.2
	github.com/leat-io/leat v0.0.0
	github.com/lesismal/nbio v1.5.12
	github.com/panjf2000/gnet/v2 v2.9.0
	github.com/puzpuzpuz/xsync/v4 v4.5.0
	github.com/smarty/go-disruptor v0.5.0
	github.com/tidwall/evio v1.0.8
	golang.org/x/sys v0.49.0
)

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // indirect
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	github.com/bytedance/gopkg v0.1.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cloudwego/gopkg v0.1.4 // indirect
	github.com/kavu/go_reuseport v1.5.0 // indirect
	github.com/panjf2000/ants/v2 v2.11.3 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/perf v0.0.0-20260211190930-8161c38c6cdc // indirect
	golang.org/x/sync v0.11.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // indirect
)

replace github.com/leat-io/leat => ../
