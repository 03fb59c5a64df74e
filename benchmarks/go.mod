module github.com/leat-io/leat/benchmarks

go 1.27.0

toolchain go1.27.4

// Package net listens on Multipath TCP by itself, which costs a server some per cent and has nothing to do with what is compared.
godebug multipathtcp=0

require (
	github.com/Workiva/go-datastructures v1.1.7
	github.com/cloudwego/netpoll v0.7.2
	github.com/hashicorp/yamux v0.1.2
	github.com/jackc/puddle/v2 v2.2.3
	github.com/leat-io/leat v0.0.0
	github.com/lesismal/nbio v1.5.12
	github.com/libp2p/go-yamux/v5 v5.1.0
	github.com/panjf2000/gnet/v2 v2.9.0
	github.com/puzpuzpuz/xsync/v4 v4.5.0
	github.com/redis/go-redis/v9 v9.23.0
	github.com/smarty/go-disruptor v0.5.0
	github.com/tidwall/evio v1.0.8
	github.com/valyala/fasthttp v1.69.0
	github.com/xtaci/smux v1.5.56
	golang.org/x/net v0.62.0
	golang.org/x/sync v0.24.0
	golang.org/x/sys v0.49.0
	google.golang.org/grpc v1.85.0
)

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // indirect
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	github.com/andybalholm/brotli v1.2.0 // indirect
	github.com/bytedance/gopkg v0.1.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cilium/ebpf v0.22.0 // indirect
	github.com/cloudwego/gopkg v0.1.4 // indirect
	github.com/kavu/go_reuseport v1.5.0 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/libp2p/go-buffer-pool v0.0.2 // indirect
	github.com/panjf2000/ants/v2 v2.11.3 // indirect
	github.com/pires/go-proxyproto v0.16.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/perf v0.0.0-20260211190930-8161c38c6cdc // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // indirect
)

replace github.com/leat-io/leat => ../
