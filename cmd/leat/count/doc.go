// Package count accounts for the packets of each flow in bounded memory: how many there were, how many bytes, when the first and
// the last came, and which flows had the most.
//
// A flow is both addresses and ports. All state is kept by partition of the flow's key, so the answer does not depend on how many lanes
// work, and a partition moves between lanes as a whole. Of each partition a sketch.SpaceSaving has the flows with the most
// packets, and a sketch.HyperLogLog the number of all.
//
// With Counters in all, C, and n packets of which m fall into a flow's partition (about n/256): a flow's count is never too small,
// and too large by at most m·256/C, which is shown beside it. A million spoofed senders cost no more memory than C counters do.
package count
