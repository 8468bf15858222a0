package meaning

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

// literals are the operators whose operands are texts as their authors wrote them.
var literals = map[channelfile.Operator]bool{
	channelfile.OpEquals: true, channelfile.OpPrefix: true, channelfile.OpSuffix: true, channelfile.OpContains: true, channelfile.OpPattern: true,
}

// eachText calls look for each operand of a criterion that compares texts. Look returns a message
// about the operand, or "". EachText reports the messages at the first rule that uses the
// criterion.
func eachText(p *validate.Pass, fix string, look func(c channelfile.Criterion, input string, v channelfile.Value) string) {
	for i := range p.File.Criteria() {
		c := p.File.Criterion(i)
		if !literals[c.Operator] || c.Flags&channelfile.FlagInputs != 0 {
			continue
		}
		input := p.Definition.Inputs[c.Input].Name
		for v := range p.File.OperandValues(c) {
			if message := look(c, input, v); message != "" {
				p.Report(func() validate.Finding {
					where, in := p.LocateCriterion(i, int(c.Input))
					return validate.Finding{Where: where, Instance: in, Input: p.InputAt(int(c.Input)), Message: message, Fix: fix}
				})
			}
		}
	}
}

// isPath reports whether the values of an input are the path of a file, by its name. It knows the
// names of Sysmon and of the Security log.
func isPath(input string) bool {
	switch input {
	case "Image", "ParentImage", "SourceImage", "TargetImage", "ImageLoaded", "TargetFilename", "SourceFilename", "CurrentDirectory",
		"NewProcessName", "ParentProcessName", "ProcessName", "ProcessPath", "Application":
		return true
	}
	return false
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
			d, found := deceitOf(v, isPath(input))
			if !found {
				return ""
			}
			return fmt.Sprintf("the value %.80q of %s has U+%04X, a %s", []byte(v), p.Definition.InputName(int(c.Input)), d.r, d.what)
		})
	},
}

// starInPath is CF4009.
var starInPath = &validate.Check{
	ID:   "CF4009",
	Name: "star-in-path",
	Doc: `no value of a path has a literal star

A star in this value is no wildcard, and no path of Windows has a star. So the
rule never matches by the value. In a Sigma rule a backslash makes the star
after it literal: C:\Users\*\Temp means the folder "Users*\Temp". The
backslash before a wildcard must be doubled.

Write \\* for a backslash and a wildcard.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		eachText(p, `write \\* for a backslash and a wildcard`, func(c channelfile.Criterion, input string, v channelfile.Value) string {
			star := "*"
			if c.Operator == channelfile.OpPattern {
				star = `\*`
			}
			if !isPath(input) || !hasLiteral(string(v), star) {
				return ""
			}
			return fmt.Sprintf("the value %.80q of %s has a literal star, which no path has", []byte(v), p.Definition.InputName(int(c.Input)))
		})
	},
}

// hasLiteral reports whether a text or a pattern has a literal star, which is written as star.
func hasLiteral(s, star string) bool {
	for {
		i := strings.IndexAny(s, `*\`)
		switch {
		case i < 0:
			return false
		case strings.HasPrefix(s[i:], star):
			return true
		case s[i] == '\\' && star == `\*`: // an escaped character
			i++
		}
		s = s[min(i+1, len(s)):]
	}
}

// expressionNoPath is CF4010.
var expressionNoPath = &validate.Check{
	ID:   "CF4010",
	Name: "expression-no-path",
	Doc: `no regular expression is a path

The expression has a path of Windows with single backslashes. In an expression
a backslash starts an escape: C:\temp\bin has a tab and a word boundary, and
matches no path. The rule looks right and never matches.

Write each backslash of the path twice, or use contains.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			for program := range p.File.OperandPrograms(c) {
				path := pathIn(program.Source())
				if path == "" {
					continue
				}
				p.Report(func() validate.Finding {
					where, in := p.LocateCriterion(i, int(c.Input))
					return validate.Finding{
						Where: where, Instance: in, Input: p.InputAt(int(c.Input)),
						Message: fmt.Sprintf("the expression `%.80s` has the path `%.80s` with single backslashes, which start escapes", program.Source(), path),
						Fix:     "write each backslash of the path twice, or use contains",
					}
				})
			}
		}
	},
}

// pathIn returns the first path in an expression: a drive, and at least two names of at least two
// letters, each after a single backslash. It returns "" if the
// expression has no path.
func pathIn(s string) string {
	for i := 1; i < len(s); i++ {
		if s[i] != ':' || !isLetter(s[i-1]) || i > 1 && (isLetter(s[i-2]) || s[i-2] == '\\') {
			continue
		}
		end, names := i+1, 0
		for end < len(s) && s[end] == '\\' {
			n := end + 1
			for n < len(s) && (isLetter(s[n]) || '0' <= s[n] && s[n] <= '9' || s[n] == '_') {
				n++
			}
			if n-end < 3 || !isLetter(s[end+1]) {
				break
			}
			end, names = n, names+1
		}
		if names >= 2 {
			return s[i-1 : end]
		}
	}
	return ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
