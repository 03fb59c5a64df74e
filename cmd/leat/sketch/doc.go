// Package sketch summarizes streams that are longer than memory, with an error that is stated.
//
//	SpaceSaving   the most frequent keys, and how often they came
//	HyperLogLog   how many different keys there were
//	DDSketch      quantiles
//
// None of them is guarded: a lane owns its own.
package sketch
