package logging

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A truth is the value of a statement that may be not known.
type truth uint8

const (
	unknown truth = iota
	no
	yes
)

func (t truth) not() truth {
	switch t {
	case no:
		return yes
	case yes:
		return no
	}
	return unknown
}

// or and and combine statements.
func (t truth) or(u truth) truth {
	switch {
	case t == yes || u == yes:
		return yes
	case t == no && u == no:
		return no
	}
	return unknown
}

func (t truth) and(u truth) truth { return t.not().or(u.not()).not() }

// truthOf returns yes or no.
func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// A text is a string to compare without regard to case. Two texts whose lower forms are equal
// are equal in every table of case folding. Two texts whose loose forms differ, differ in
// every table.
type text struct {
	lower string // with A to Z lowered
	loose string // with all letters folded; the same as lower for ASCII
}

// folded returns a text. asciiOnly is true for a system that folds A to Z alone.
func folded(s string, asciiOnly bool) text {
	plain, lower := true, true
	for i := range len(s) {
		c := s[i]
		plain = plain && c < utf8.RuneSelf
		lower = lower && !('A' <= c && c <= 'Z')
	}
	t := text{lower: s}
	if !lower {
		t.lower = lowerASCII(s)
	}
	t.loose = t.lower
	if !plain && !asciiOnly {
		t.loose = strings.Map(func(c rune) rune { return unicode.ToLower(unicode.ToUpper(c)) }, s)
	}
	return t
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// decide returns yes if the lower forms have a relation, unknown if only the loose forms
// have it, and no otherwise.
func decide(a, b text, relation func(a, b string) bool) truth {
	switch {
	case relation(a.lower, b.lower):
		return yes
	case a.loose == a.lower && b.loose == b.lower:
		return no
	case relation(a.loose, b.loose):
		return unknown
	}
	return no
}

func equal(a, b text) truth  { return decide(a, b, func(a, b string) bool { return a == b }) }
func begins(a, b text) truth { return decide(a, b, strings.HasPrefix) }
func ends(a, b text) truth   { return decide(a, b, strings.HasSuffix) }

// contains reports whether a contains b. Like the engine it finds nothing in an empty text,
// not even an empty one.
func contains(a, b text) truth {
	if a.lower == "" {
		return no
	}
	return decide(a, b, strings.Contains)
}

// less compares in the order of characters. Windows may compare lower or upper case letters,
// so the order of letters and of the characters between Z and a is not known, nor is that of
// characters beyond ASCII.
func less(a, b text, asciiOnly bool) truth {
	if asciiOnly {
		return lessUnits(a.lower, b.lower)
	}
	for i := range min(len(a.lower), len(b.lower)) {
		c, d := a.lower[i], b.lower[i]
		if c >= utf8.RuneSelf || d >= utf8.RuneSelf {
			return unknown
		}
		if c == d {
			continue
		}
		if isLetter(c) && between(d) || isLetter(d) && between(c) {
			return unknown
		}
		return truthOf(c < d)
	}
	return truthOf(len(a.lower) < len(b.lower))
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
func between(c byte) bool  { return 'Z' < c && c < 'a' }

// lessUnits compares by UTF-16 units: a character beyond U+FFFF is before those from U+E000.
func lessUnits(a, b string) truth {
	for a != "" && b != "" {
		c, n := utf8.DecodeRuneInString(a)
		d, m := utf8.DecodeRuneInString(b)
		if c != d {
			return truthOf(unit(c) < unit(d))
		}
		a, b = a[n:], b[m:]
	}
	return truthOf(a == "" && b != "")
}

// unit returns a number that orders characters as their first UTF-16 units do.
func unit(c rune) rune {
	if c > 0xFFFF {
		return 0xD800 + (c-0x10000)>>10
	}
	return c
}
