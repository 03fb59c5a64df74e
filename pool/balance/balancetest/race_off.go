//go:build !race

package balancetest

const raceEnabled = false

// enough picks that the standard deviation is a third of the usual tolerance or less: who is due one in 17 gets 11 800.
const enough = 200_000

const slack = 1
