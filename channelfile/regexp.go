package channelfile

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile/internal/rexprog"
)

// These are the values of [RegexpError.Err], besides [ErrLimit].
var (
	// ErrRegexpMalformed means that the text is not a regular expression. For
	// example, a parenthesis is missing or a range is backwards.
	ErrRegexpMalformed = errors.New("malformed")

	// ErrRegexpNotExpressible means that the expression uses a feature that
	// programs do not have. Other engines have look-around, back references,
	// possessive repetition, conditions and recursion. The error of an expression
	// that exceeds a limit wraps it too.
	ErrRegexpNotExpressible = errors.New("not expressible")
)

// A RegexpError describes the first error in a regular expression.
type RegexpError struct {
	Expression string
	Offset     int    // of the error, in bytes; the length of Expression if its end is missing
	Err        error  // ErrRegexpMalformed, ErrRegexpNotExpressible or ErrLimit
	Detail     string // what was found and what to do
}

func (e *RegexpError) Error() string {
	return fmt.Sprintf("regular expression %s: at byte %d: %v: %s", quoteExpression(e.Expression), e.Offset, e.Err, e.Detail)
}

// Unwrap returns Err. If Err is [ErrLimit], it returns [ErrRegexpNotExpressible]
// too.
func (e *RegexpError) Unwrap() []error {
	if e.Err == ErrLimit {
		return []error{ErrLimit, ErrRegexpNotExpressible}
	}
	return []error{e.Err}
}

// quoteExpression quotes an expression for a message, at most its first 200
// bytes. It uses backquotes where it can, because double quotes would double
// each backslash.
func quoteExpression(s string) string {
	const most = 200
	cut := ""
	if len(s) > most {
		n := most
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s, cut = s[:n], " ..."
	}
	for _, r := range s {
		if r < ' ' || r == 0x7F || r == utf8.RuneError || r == '`' {
			return fmt.Sprintf("%q", s) + cut
		}
	}
	return "`" + s + "`" + cut
}

// CompileRegexp compiles a regular expression to a program, which depends only on
// the expression. The expression has the syntax of RE2 with the Perl extensions
// of Go's package regexp. FORMAT.md, section 5, specifies the syntax and the
// program.
//
// An error is a [*RegexpError]. CompileRegexp takes time and memory linear in the
// sizes of the expression and of the program. Both sizes have limits.
func CompileRegexp(expression string) (*Program, error) {
	var c rexprog.Compiler
	if err := c.Parse(expression); err != nil {
		return nil, regexpError(expression, err)
	}
	var code rexprog.Code
	c.Compile(&code)
	p := programOf([]byte(expression), &code)
	return &p, nil
}

// programOf returns the program with the source and the code. It shares their
// bytes.
func programOf(source []byte, code *rexprog.Code) Program {
	return Program{source: source, insts: code.Insts, classes: code.Classes, ranges: code.Ranges}
}

// regexpError returns the RegexpError for an error of the compiler.
func regexpError(expression string, err error) error {
	var e *rexprog.Error
	if !errors.As(err, &e) {
		return err
	}
	kind := ErrRegexpMalformed
	switch e.Kind {
	case rexprog.NotExpressible:
		kind = ErrRegexpNotExpressible
	case rexprog.Limit:
		kind = ErrLimit
	}
	return &RegexpError{Expression: expression, Offset: e.Offset, Err: kind, Detail: e.Detail}
}
