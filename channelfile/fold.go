package channelfile

import (
	"sort"
	"unicode/utf8"
)

// A foldRange says that lo and every step'th code point after it up to hi fold
// to themselves plus delta.
type foldRange struct{ lo, hi, step, delta rune }

// Fold returns the simple case folding of r by the table of FORMAT.md's
// appendix. It returns r itself if the table does not cover it, whatever r is.
// Folding a fold changes nothing.
func Fold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	i := sort.Search(len(foldTable), func(i int) bool { return r <= foldTable[i].hi })
	if i < len(foldTable) {
		if t := &foldTable[i]; t.lo <= r && (r-t.lo)%t.step == 0 {
			return r + t.delta
		}
	}
	return r
}

// AppendFold appends the fold of each rune of s to dst and returns the
// extended buffer. A byte of s that is not part of valid UTF-8 becomes U+FFFD.
// This is the form in which a file has the operands of a folded criterion; it
// may be longer than s, never more than three times.
func AppendFold(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
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

// isFolded reports whether AppendFold of s is s.
func isFolded(s []byte) bool {
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
			return false // n is 1: an invalid byte, which folding replaces
		}
		i += n
	}
	return true
}
