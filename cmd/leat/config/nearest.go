package config

import "strings"

// Nearest returns the candidate that takes the fewest edits of single letters to become word, as a whole or in its part
// behind the last dot, or "" when there are none. Of several it is the first.
func Nearest(word string, candidates []string) (near string) {
	least := -1
	for _, c := range candidates {
		d := distance(word, c)
		if i := strings.LastIndexByte(c, '.'); i >= 0 {
			d = min(d, distance(word, c[i+1:]))
		}
		if least < 0 || d < least {
			least, near = d, c
		}
	}
	return near
}

// distance is the edit distance of Levenshtein, in one row of its table (Wagner and Fischer 1974).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
