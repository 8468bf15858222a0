package channelfile

import (
	"math/bits"
	"strings"
)

// A patternKind says what a wildcard pattern is, and so which operator of
// FORMAT.md, section 5, it must give way to.
type patternKind uint8

const (
	patternMalformed  patternKind = iota // a backslash before anything but * ? \
	patternNoWildcard                    // literals: equals
	patternPrefix                        // literals and one * at the end: prefix
	patternSuffix                        // one * at the start and literals: suffix
	patternContains                      // literals between two *: contains
	patternExists                        // *: exists
	patternRun                           // a * next to another, or before a ?
	patternProper                        // anything else: only a pattern says this
)

// patternForm classifies the pattern p. It reports whether p is well formed,
// that is, not of the form patternMalformed. A pattern with a run of wildcards
// that is not canonical is of the form patternRun, whatever else it is.
func patternForm(p []byte) (form patternKind, ok bool) {
	stars, questions := 0, 0
	run := false
	starEnd := -1      // where the last star ends
	var escaped uint64 // the bit in the next eight of what is behind a backslash
	for base := 0; base < len(p); base += 8 {
		m := wildcards(eight(p, base)) &^ escaped
		escaped = 0
		for ; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			i := base + bit/8
			switch p[i] {
			case '*':
				run = run || starEnd == i
				starEnd = i + 1
				stars++
			case '?':
				run = run || starEnd == i
				questions++
			default:
				if i+1 == len(p) || p[i+1] != '*' && p[i+1] != '?' && p[i+1] != '\\' {
					return patternMalformed, false
				}
				if bit == 63 {
					escaped = 0x80
				} else {
					m &= m - 1 // the bit of p[i+1]
				}
			}
		}
	}
	switch {
	case run:
		return patternRun, true
	case stars+questions == 0:
		return patternNoWildcard, true
	case questions > 0:
		return patternProper, true
	case len(p) == 1:
		return patternExists, true // one star: two would be a run
	case stars == 1 && starEnd == len(p):
		return patternPrefix, true
	case stars == 1 && starEnd == 1:
		return patternSuffix, true
	case stars == 2 && p[0] == '*' && starEnd == len(p):
		return patternContains, true
	}
	return patternProper, true
}

// eight returns eight bytes of p from base on, the first one lowest, and zeros
// for those beyond its end.
func eight(p []byte, base int) (w uint64) {
	switch {
	case base+8 <= len(p):
		return le.Uint64(p[base:])
	case len(p) >= 8:
		return le.Uint64(p[len(p)-8:]) >> (8 * (base + 8 - len(p)))
	}
	for i, c := range p {
		w |= uint64(c) << (8 * i)
	}
	return w
}

// wildcards sets the highest bit of each byte of w that is a *, a ? or a
// backslash.
func wildcards(w uint64) uint64 {
	return zeros(w^'*'*ones) | zeros(w^'?'*ones) | zeros(w^'\\'*ones)
}

// zeros sets the highest bit of each byte of w that is zero, and no other.
func zeros(w uint64) uint64 {
	const low = 0x7F * ones
	return ^((w&low + low) | w | low)
}

// canonicalRuns returns the well-formed pattern p with each run of wildcards
// in its canonical form: first each ?, then at most one *.
func canonicalRuns(p string) string {
	var out strings.Builder
	star := false
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*':
			star = true // written where the run ends
			continue
		case '?':
			out.WriteByte('?')
			continue
		}
		if star {
			out.WriteByte('*')
			star = false
		}
		if p[i] == '\\' {
			out.WriteByte('\\')
			i++
		}
		out.WriteByte(p[i])
	}
	if star {
		out.WriteByte('*')
	}
	return out.String()
}

// patternLiteral returns the literals of the well-formed pattern p, without
// their backslashes and without wildcards.
func patternLiteral(p string) string {
	var out strings.Builder
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?':
			continue
		case '\\':
			i++
		}
		out.WriteByte(p[i])
	}
	return out.String()
}
