// Package mutant says which seeded bug a program has. The command of package
// mutation writes calls of it into copies of the packages that it seeds bugs in;
// nothing else imports it.
package mutant

import (
	"os"
	"strconv"
)

// A Catch is how a bug was seen: what a hunt says on its standard output.
type Catch struct {
	By        string // the part of the oracle
	What      string
	Decisions uint64
}

// Variable is the environment variable that chooses the bug.
const Variable = "CFCHECK_MUTANT"

// Active is the number of the bug, 0 if the program has none.
var Active = func() int {
	n, err := strconv.Atoi(os.Getenv(Variable))
	if err != nil {
		return 0
	}
	return n
}()

// Bits is the environment variable that says how many bits Narrow leaves.
const Bits = "CFCHECK_MUTANT_BITS"

var short = os.Getenv(Bits) == "8"

type integer interface {
	~int | ~int32 | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Narrow returns v, or for the bug of a number what of v there is room for in 16
// bits, or in 8.
func Narrow[T integer](number int, v T) T {
	switch {
	case Active != number:
		return v
	case short:
		return T(uint8(v))
	}
	return T(uint16(v))
}
