// Package mutant chooses the active mutant of a program. The command fuzz/mutation builds
// calls of it into copies of the packages that it mutates; no other package imports it.
package mutant

import (
	"os"
	"strconv"
)

// A Detection says how a mutant was detected. The detector writes it to its standard output.
type Detection struct {
	By        string // part of the oracle that detected the mutant
	What      string
	Decisions uint64
}

// Variable is the environment variable that has the number of the active mutant.
const Variable = "CFCHECK_MUTANT"

// Active is the number of the active mutant, or 0 if no mutant is active.
var Active = func() int {
	n, err := strconv.Atoi(os.Getenv(Variable))
	if err != nil {
		return 0
	}
	return n
}()

// Bits is the environment variable that has the number of bits that Narrow keeps: 8 or 16.
const Bits = "CFCHECK_MUTANT_BITS"

var short = os.Getenv(Bits) == "8"

type integer interface {
	~int | ~int32 | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Narrow returns v. If the mutant with the given number is active, it returns the low 8 or 16
// bits of v.
func Narrow[T integer](number int, v T) T {
	switch {
	case Active != number:
		return v
	case short:
		return T(uint8(v))
	}
	return T(uint16(v))
}
