// Package oneline makes texts of unknown origin safe to show on one line.
package oneline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a text safe to show on one line of a terminal or of a log. It escapes line ends,
// control and format characters, and bytes that are not UTF-8.
//
// The runners of GitHub Actions and Azure Pipelines take commands, such as ##[error], from
// anywhere in a line of a log. Clean escapes the start of such a command.
func Clean(s string) string {
	s = clean(s)
	if strings.Contains(s, "##") {
		s = RunnerCommand.ReplaceAllString(s, `#\x23$1[`)
	}
	return s
}

// RunnerCommand is the start of a command in a log.
var RunnerCommand = regexp.MustCompile(`##([A-Za-z]*)\[`)

// clean is Clean without the commands.
func clean(s string) string {
	if strings.IndexFunc(s, unsafe) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\t':
			b.WriteByte(' ')
		case unsafe(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// unsafe reports whether a rune could change how a terminal shows other runes.
// These are control characters, and the invisible characters that reorder text.
func unsafe(r rune) bool { return !unicode.IsPrint(r) }
