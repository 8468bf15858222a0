// Package mutant says which seeded bug a program has. The command of package
// alive writes calls of it into copies of the packages that it seeds bugs in;
// nothing else imports it.
package mutant

import (
	"os"
	"strconv"
)

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

type integer interface {
	~int | ~int32 | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Narrow returns v, or for the bug of a number what of v there is room for in
// half as many bits as in the narrowest type that could hold what is meant: 16,
// or 8 where v has 16 itself.
func Narrow[T integer](number int, v T) T {
	if Active != number {
		return v
	}
	if v16 := any(v); isShort(v16) {
		return T(uint8(v))
	}
	return T(uint16(v))
}

func isShort(v any) bool {
	_, short := v.(uint16)
	return short
}
