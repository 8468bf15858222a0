// Package casefold folds the case of text by the table in the appendix of
// FORMAT.md.
package casefold

import (
	"sort"
	"unicode/utf8"
)

// A Range describes code points that fold by the same distance. Lo, and every
// Step-th code point after it up to Hi, folds to itself plus Delta.
type Range struct{ Lo, Hi, Step, Delta rune }

// Fold returns the simple case folding of r. It returns r itself if [Table] does
// not contain r, also if r is not a valid rune. Folding twice gives the same as
// folding once.
func Fold(r rune) rune {
	//mutation:equivalent: the slow path gives the same result
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	i := sort.Search(len(Table), func(i int) bool { return r <= Table[i].Hi })
	if i < len(Table) {
		if t := &Table[i]; t.Lo <= r && (r-t.Lo)%t.Step == 0 {
			return r + t.Delta
		}
	}
	return r
}

// AppendFold appends the fold of each rune of s to dst and returns the extended
// buffer. A byte of s that is not part of valid UTF-8 becomes U+FFFD. The result
// is at most three times as long as s.
func AppendFold(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		//mutation:equivalent condition: the slow path gives the same result
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		dst = utf8.AppendRune(dst, Fold(r))
		i += n
	}
	return dst
}

// IsFolded reports whether folding s with [AppendFold] leaves it unchanged.
func IsFolded(s []byte) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if n == 1 || Fold(r) != r {
			return false // if n is 1, the byte is invalid, and folding replaces it
		}
		i += n
	}
	return true
}
