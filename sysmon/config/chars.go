package config

import (
	"strconv"
	"unicode/utf8"
)

// blank reports whether a byte is white space in XML.
func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// solidAt returns the number of white space characters at the start of a text.
func solidAt(s string) int {
	i := 0
	for i < len(s) && blank(s[i]) {
		i++
	}
	return i
}

// permitted reports whether XML 1.0 permits a character.
func permitted(c rune) bool {
	return c >= ' ' && c <= 0xD7FF || c == '\t' || c == '\n' || c == '\r' || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 && c <= 0x10FFFF
}

// A span is a range of characters.
type span struct{ from, to rune }

// nameStart are the characters beyond ASCII with which a name begins, and nameMore those
// that it may have besides (XML 1.0, fifth edition, section 2.3).
var (
	nameStart = []span{{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}}
	nameMore  = []span{{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}
)

func within(list []span, c rune) bool {
	for _, s := range list {
		if s.from <= c && c <= s.to {
			return true
		}
	}
	return false
}

// nameLen returns the length of the name with which a text begins, in bytes. 0 means that
// it begins with no name.
func nameLen(s string) int {
	i := 0
	for i < len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':':
			i++
			continue
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
			i++
			continue
		case c < utf8.RuneSelf:
			return i
		}
		wide, size := utf8.DecodeRuneInString(s[i:])
		if !within(nameStart, wide) && (i == 0 || !within(nameMore, wide)) {
			return i
		}
		i += size
	}
	return i
}

// maxShown is the number of bytes of the input that a message quotes at most.
const maxShown = 64

// cut shortens a text for a message.
func cut(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// show returns a text of the input in a form that is safe on a terminal.
func show(s string) string {
	q := strconv.Quote(cut(s))
	return q[1 : len(q)-1]
}

// quoted returns the first character of a text, in quotes.
func quoted(s string) string {
	c, _ := utf8.DecodeRuneInString(s)
	return strconv.QuoteRune(c)
}
