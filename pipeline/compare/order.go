package compare

// order is the order of n variants in a round, counted from 0.
//
// A row zigzags: 0, n-1, 1, n-2 and so on, shifted by one for each second round, and is run backwards in between. So a linear
// drift cancels within any two rounds, every variant comes in every place equally often, and in a whole cycle (n rounds if n
// is even, else 2n) each follows each other one equally often: a square balanced for residual effects (E. J. Williams,
// "Experimental Designs Balanced for the Estimation of Residual Effects of Treatments", 1949).
func order(n, round int) []int {
	row := make([]int, n)
	for i := range row {
		step := i / 2
		if i%2 == 1 {
			step = n - 1 - i/2
		}
		place := i
		if round%2 == 1 {
			place = n - 1 - i
		}
		row[place] = (step + round/2) % n
	}
	return row
}
