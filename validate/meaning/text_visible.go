package meaning

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// textVisible is CF4008.
var textVisible = &validate.Check{
	ID:   "CF4008",
	Name: "text-visible",
	Doc: `a reader sees each character of a value

A value has a character that is not visible, or that looks like another one: a
control character, a character without width, an unusual space, a control of
the writing direction, or a Cyrillic or Greek letter in a word of Latin ones.
The rule looks right and never matches. Usual causes are text that was copied
from a web page, and a path in double quotes, where YAML turns \t and \b into
control characters. Values of such characters alone are not reported: they are
looked for on purpose.

Write the character that was meant, and paths in single quotes.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		eachText(p, "write the character that was meant, and paths in single quotes", func(c channelfile.Criterion, input string, v channelfile.Value) string {
			d, found := deceitOf(v, IsPath(input))
			if !found {
				return ""
			}
			return fmt.Sprintf("the value %.80q of %s has U+%04X, a %s", []byte(v), p.Definition.InputName(int(c.Input)), d.r, d.what)
		})
	},
}

// A deceit is a character of a text that a reader does not see, or takes for another one.
type deceit struct {
	r    rune
	what string
}

// deceitOf returns the first character of a text that deceives a reader. A text of nothing but such
// characters is looked for on purpose, and so is one with a single letter beside them. In values of
// a path, tabs and line breaks count too.
func deceitOf(v []byte, path bool) (d deceit, found bool) {
	if !slices.ContainsFunc(v, func(b byte) bool { return b < ' ' || b > '~' }) {
		return d, false // most texts are visible ASCII
	}
	plain := 0
	var word script // of the word that is read
	for s := v; len(s) > 0; {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		var what string
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			if path {
				what = "control character"
			}
		case r < ' ' || 0x7F <= r && r < 0xA0:
			what = "control character"
		case 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C:
			what = "control of the writing direction"
		case 0x200B <= r && r <= 0x200D || 0x2060 <= r && r <= 0x2064 || r == 0xFEFF || r == 0xAD:
			what = "character without width"
		case r == 0xA0 || 0x2000 <= r && r <= 0x200A || r == 0x202F || r == 0x205F || r == 0x3000:
			what = "space that is not the usual one"
		}
		if r < utf8.RuneSelf && unicode.IsLetter(r) {
			plain++
		}
		if what == "" {
			if word = word.with(r); word == mixed {
				what = "letter that looks like a Latin one in a word of Latin letters"
			}
		}
		if what != "" && !found {
			d, found = deceit{r, what}, true
		}
	}
	return d, found && plain > 1
}

// A script is the alphabet of the letters of a word.
type script uint8

const (
	noScript script = iota
	latin
	alike // Cyrillic or Greek, which have letters that look like Latin ones
	mixed
)

// with returns the script of a word after another rune.
func (s script) with(r rune) script {
	next := noScript
	switch {
	case !unicode.IsLetter(r):
		return noScript
	case r < utf8.RuneSelf:
		next = latin
	case unicode.In(r, unicode.Cyrillic, unicode.Greek):
		next = alike
	default:
		return s
	}
	if s != noScript && s != next {
		return mixed
	}
	return next
}
