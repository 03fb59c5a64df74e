// Package latency keeps the latencies that a load generator measures: Histogram as a whole, Timeline over time.
package latency
