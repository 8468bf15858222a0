package channelfile

import "strings"

// A patternKind is the form of a wildcard pattern. It determines the simplest
// operator for the pattern by FORMAT.md, section 5.
type patternKind uint8

const (
	patternMalformed  patternKind = iota // a backslash before a character other than *, ? and \
	patternNoWildcard                    // only literals: equals
	patternPrefix                        // literals and one * at the end: prefix
	patternSuffix                        // one * at the start and literals: suffix
	patternContains                      // literals between two *: contains
	patternExists                        // only *: exists
	patternRun                           // a * before another wildcard
	patternProper                        // any other form, which needs a pattern
)

// patternForm classifies the pattern p. It returns false for patternMalformed.
// A well-formed pattern with a run of wildcards that is not canonical has the
// form patternRun.
func patternForm(p []byte) (form patternKind, ok bool) {
	stars, questions := 0, 0
	run := false
	starEnd := -1 // end of the last star
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
	//mutation:equivalent condition: only the encoder needs the exact form
	case len(p) == 1:
		return patternExists, true // one star, because two would be a run
	case stars == 1 && starEnd == len(p):
		return patternPrefix, true
	case stars == 1 && starEnd == 1:
		return patternSuffix, true
	case stars == 2 && p[0] == '*' && starEnd == len(p):
		return patternContains, true
	}
	return patternProper, true
}

// patternSpecial contains the bytes that are not literal unless a backslash
// precedes them.
var patternSpecial = [256]bool{'*': true, '?': true, '\\': true}

// canonicalRuns returns the well-formed pattern p with each run of wildcards in
// canonical form: all ? first, then at most one *.
//
//mutation:equivalent: only the encoder needs the exact form
func canonicalRuns(p string) string {
	var out strings.Builder
	star := false
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*':
			star = true // written at the end of the run
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

// patternLiteral returns the literals of the well-formed pattern p. It removes
// wildcards and escaping backslashes.
//
//mutation:equivalent: only the encoder needs the exact form
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
