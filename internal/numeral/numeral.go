// Package numeral writes numbers for people.
package numeral

import "strconv"

// Thousands returns a number with commas between thousands, such as 1,000,000.
func Thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
