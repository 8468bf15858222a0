package channelfile

import "strings"

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
	starEnd := -1 // where the last star ends
	for i := 0; i < len(p); i++ {
		if !patternSpecial[p[i]] {
			continue
		}
		switch p[i] {
		case '*':
			run = run || starEnd == i
			starEnd = i + 1
			stars++
		case '?':
			run = run || starEnd == i
			questions++
		default:
			i++
			if i == len(p) || !patternSpecial[p[i]] {
				return patternMalformed, false
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

// patternSpecial has the bytes that do not stand for themselves, and that a
// backslash can stand before.
var patternSpecial = [256]bool{'*': true, '?': true, '\\': true}

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
