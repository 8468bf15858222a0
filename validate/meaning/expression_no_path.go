package meaning

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/validate"
)

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
		// Many criteria can have one program, so each is read once.
		known := make([]bool, p.File.Programs())
		paths := map[int]string{} // by program: the first path in it
		for i := range p.File.Criteria() {
			c := p.File.Criterion(i)
			if c.Operator != channelfile.OpRegexp {
				continue
			}
			for k := c.First; k < c.First+c.Count; k++ {
				n := p.File.Operand(k)
				program := p.File.Program(n)
				if !known[n] {
					known[n] = true
					if path := pathIn(program.Source()); path != "" {
						paths[n] = path
					}
				}
				path := paths[n]
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
