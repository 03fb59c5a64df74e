# Everything here runs without root and fetches nothing but Go modules, except what says that it needs Debian packages.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export GOTOOLCHAIN := auto
# The toolchain that go.mod names may be newer than the one installed; the go command fetches it.
GO := go
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260211190930-8161c38c6cdc

# Flags for the tests of "make test", such as TESTFLAGS=-v.
TESTFLAGS :=
# A command before "go test": AGAIN=$PWD/.ci/again runs tests again that have failed, as CI does.
AGAIN :=
# Tests that run beside others of their package mostly wait, and so do packages.
TEST := $(AGAIN) $(GO) test -shuffle on -parallel 8 -p 4

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/leat, without libc, of which nothing is used and more than a megabyte would be resident
	CGO_ENABLED=0 $(GO) build -o bin/leat ./cmd/leat

.PHONY: demo
demo: ## run the main job on embedded defaults, in less than half a minute
	$(GO) run ./cmd/leat demo

.PHONY: test
test: ## run the tests, with the race detector where there is a C compiler
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC | cut -d' ' -f1)" >/dev/null; then \
		echo "$(TEST) -race ./..."; \
		$(TEST) -race -timeout 20m $(TESTFLAGS) ./...; \
	else \
		echo "There is no C compiler, which the race detector needs: the same tests run without it."; \
		CGO_ENABLED=0 $(TEST) $(TESTFLAGS) ./...; \
	fi

.PHONY: check
check: lint vet test-plain test-leaks fuzz clients ## everything that a change must pass, beyond "make test"

.PHONY: lint
lint: ## run the linters and check the format
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted (go fmt ./...):"; echo "$$unformatted"; exit 1; fi
	$(GO) run $(GOLANGCI) run ./...

.PHONY: vet
vet: ## vet for other systems and machines, and under each build tag
	$(GO) vet ./...
	$(GO) vet -tags leakcheck ./...
	for t in darwin/arm64 windows/amd64 linux/arm64 linux/386; do \
		echo "vet $$t"; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) vet ./...; \
	done
	$(GO) mod verify
	$(GO) mod tidy -diff

.PHONY: test-plain
test-plain: ## the tests without the race detector: those of allocations need it so; also on one processor
	$(TEST) $(TESTFLAGS) ./...
	GOMAXPROCS=1 $(TEST) ./stage/... ./pipeline/... ./codec/... ./sources/... ./sinks/... ./internal/journal

.PHONY: test-leaks
test-leaks: ## the tests with memory poisoned and its holders known
	$(TEST) -tags leakcheck $(TESTFLAGS) ./stage/... ./pipeline/... ./codec/... ./sources/... ./sinks/... ./pool ./internal/journal ./cmd/leat/kv ./cmd/leat/count ./cmd/leat/statsd ./cmd/leat/syslog ./cmd/leat/lines

# How long each fuzz target runs. Inputs are not made smaller, which would take all of that time where they are long.
FUZZTIME := 5s

.PHONY: fuzz
fuzz: ## run every fuzz target for a while, on top of its kept corpus
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' "$$pkg" | grep '^Fuzz' || true); do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test "$$pkg" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x -parallel 2; \
		done; \
	done

.PHONY: clients
clients: build ## drive the command as its users would, many times over: needs nc and redis (Debian: netcat-openbsd, redis)
	LEAT_CYCLES=100 $(AGAIN) $(GO) test -count=1 -timeout 20m $(TESTFLAGS) ./cmd/leat
	LEAT_PIPELINES=1000000 $(AGAIN) $(GO) test -count=1 -timeout 20m -run ByRedis $(TESTFLAGS) ./codec/resp
	cd benchmarks && $(GO) vet ./... && $(AGAIN) $(GO) test -p 1 ./...

.PHONY: soak
soak: ## what takes a machine of its own: thousands of slow clients beside good ones, 10 GiB through a tunnel
	LEAT_SOAK=1 $(GO) test -count=1 -timeout 20m -v -run Slow ./cmd/leat
	LEAT_STREAM_MIB=10240 $(GO) test -count=1 -timeout 20m -v -run LongStream ./sinks

.PHONY: bench
bench: ## the benchmarks beside the code; BENCH=regexp chooses
	$(GO) test ./stage/... ./pipeline/... ./codec/... ./sources/... ./sinks ./internal/journal ./cmd/leat/... -run '^$$' -bench '$(or $(BENCH),.)' -benchmem

.PHONY: bench-echo
bench-echo: ## both engines against an echo server on package net, 20 alternated pairs for each row; takes a while
	cd benchmarks && $(GO) run ./peers -rivals leat,leat-goroutine,net -rows 'closed/(64|1000)x' -record results/echo.jsonl

.PHONY: bench-peers
bench-peers: ## queues and a TCP echo against other people's software, into docs/results.md; takes about 40 minutes; BENCHFLAGS=-resume goes on
	cd benchmarks && $(GO) run ./queues -page ../docs/results.md $(BENCHFLAGS)
	cd benchmarks && $(GO) run ./peers -page ../docs/results.md $(BENCHFLAGS)

.PHONY: bench-udp
bench-udp: ## what receiving datagrams costs beside package net, x/net, gnet and C, into docs/results.md; takes about 10 minutes
	cd benchmarks && $(GO) run ./udp -page ../docs/results.md $(BENCHFLAGS)

.PHONY: bench-redis
bench-redis: ## CPU of a request against redis-server, and the journal's ways of syncing, into docs/results.md; needs redis (Debian); takes about 12 minutes
	cd benchmarks && $(GO) run ./redis -page ../docs/results.md $(BENCHFLAGS)

.PHONY: bench-proxy
bench-proxy: ## a Redis proxy against twemproxy, into docs/results.md; needs redis and nutcracker (Debian); takes about 30 minutes
	cd benchmarks && $(GO) run ./proxy -client 'leat load' -rounds 20 -requests 40000 -page ../docs/results.md $(BENCHFLAGS)

.PHONY: bench-pools
bench-pools: ## pools of connections against puddle, fasthttp, database/sql and go-redis, into docs/results.md; takes about 10 minutes
	cd benchmarks && $(GO) run ./pools -page ../docs/results.md $(BENCHFLAGS)

.PHONY: bench-edge
bench-edge: ## proxied connections and TLS against haproxy, nginx, io.Copy, crypto/tls and OpenSSL, into docs/results.md; needs haproxy, nginx-light, libnginx-mod-stream, libssl-dev (Debian); takes about 25 minutes
	cd benchmarks && $(GO) run ./edge -page ../docs/results.md $(BENCHFLAGS)

.PHONY: bench-mux
bench-mux: ## the multiplexed protocol against yamux, libp2p's, smux, HTTP/2, gRPC and a TCP connection for each stream, into docs/results.md; needs root, iproute2 (Debian) and /dev/net/tun; takes about 35 minutes
	cd benchmarks && $(GO) run ./mux -page ../docs/results.md $(BENCHFLAGS)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
