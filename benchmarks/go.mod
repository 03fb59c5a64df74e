module github.com/leat-io/leat/benchmarks

go 1.27.0

toolchain go1.27.4

require golang.org/x/sys v0.49.0
