package health

// A word is the whole state of a breaker that requests touch, so that one compare-and-swap changes it: from the lowest bit on
// two counts of 16 bits, the failures in a row in 8, the state in 2, and the generation, which each change of the state makes
// another, in 22. The counts are the requests and the failures of the window while it is closed, and the trials that were let
// through and those that succeeded while it is half open.
type word uint64

const (
	countBits = 16
	rowBits   = 8

	maxCount = 1<<countBits - 1
	maxRow   = 1<<rowBits - 1

	failuresAt   = countBits
	rowAt        = failuresAt + countBits
	stateAt      = rowAt + rowBits
	generationAt = stateAt + 2

	stateMask = 3 << stateAt
)

func newWord(s State, generation Permit) word {
	return word(s)<<stateAt | word(generation)<<generationAt
}

func (w word) state() State   { return State(w >> stateAt & 3) }
func (w word) permit() Permit { return Permit(w >> generationAt) }
func (w word) requests() int  { return int(w & maxCount) }
func (w word) failures() int  { return int(w >> failuresAt & maxCount) }
func (w word) row() int       { return int(w >> rowAt & maxRow) }

// isClosed reports whether it is the closed state of a generation.
func (w word) isClosed(generation Permit) bool {
	return w>>stateAt == word(generation)<<(generationAt-stateAt)
}

// next is the word of another state, in which nothing has been counted.
func (w word) next(s State) word {
	return newWord(s, w.permit()+1)
}

func (w word) with(requests, failures, row int) word {
	return w>>stateAt<<stateAt | word(row)<<rowAt | word(failures)<<failuresAt | word(requests)
}

// succeeded counts a success of the closed state.
func (w word) succeeded() word {
	if w&maxCount == maxCount {
		w = w.older()
	}
	return w&^(maxRow<<rowAt) + 1
}

// failed counts a failure of the closed state.
func (w word) failed() word {
	if w&maxCount == maxCount {
		w = w.older()
	}
	return w.with(w.requests()+1, w.failures()+1, min(w.row()+1, maxRow))
}

// older lets what was counted weigh half.
func (w word) older() word { return w.with(w.requests()/2, w.failures()/2, w.row()) }
