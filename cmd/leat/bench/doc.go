// Package bench measures the nodes of an assembly one at a time: the engine of `leat bench`.
//
// The assembly runs in this process under real load from the loopback interface, and what comes to each node is recorded.
// Then each node is given its recording again, alone, in batches of chosen sizes, and timed. What is around a node in such a
// run is measured without the node, and subtracted.
package bench
