//go:build race

package balancetest

const raceEnabled = true

// The race detector makes a pick ten times slower: a tenth of them tells the root of ten less.
const enough = 20_000

const slack = 3.2
