// Package plot draws the results of load runs: latency by percentile, and throughput and latency over time, several results over
// each other. What it writes needs neither network nor scripts, follows the reader's light or dark colours, and shows the same text
// as the axes to those who cannot see it.
package plot
