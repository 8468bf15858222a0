package meaning

import (
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

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
			if !IsPath(input) || !hasLiteral(string(v), star) {
				return ""
			}
			return fmt.Sprintf("the value %.80q of %s has a literal star, which no path has", []byte(v), p.Definition.InputName(int(c.Input)))
		})
	},
}

// hasLiteral reports whether a text or a pattern has a literal star, which is written as star.
func hasLiteral(s, star string) bool {
	if strings.IndexByte(s, '*') < 0 {
		return false
	}
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
