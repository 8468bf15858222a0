package strictjson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/internal/spelling"
)

// An Error describes a fault of a document and its place.
type Error struct {
	Name   string // name of the file
	Line   int    // from 1; 0 means that the place is unknown
	Column int    // from 1, in bytes
	Offset int    // in bytes from the start, at most the size of the document
	Path   string // path to the value, such as builds[0].supply[1].type; "" means the document
	Err    error  // the found and the expected text; wraps one of the Err variables
}

// Error returns one line: name, line, column, path, and the fault.
func (e *Error) Error() string {
	s := e.Name + ": "
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d: ", e.Name, e.Line, e.Column)
	}
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.Err.Error()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// The errors that Error.Err wraps.
var (
	ErrSize         = errors.New("the document is too large")
	ErrUTF8         = errors.New("not UTF-8")
	ErrSyntax       = errors.New("not JSON")
	ErrDepth        = errors.New("nested too deep")
	ErrTrailing     = errors.New("data after the document")
	ErrUnknownKey   = errors.New("unknown key")
	ErrDuplicateKey = errors.New("duplicate key")
	ErrMissingKey   = errors.New("missing key")
	ErrType         = errors.New("wrong type")
	ErrRange        = errors.New("number out of range")
	ErrValue        = errors.New("value not as expected")
)

// A problem is an error with a kind and its own text.
type problem struct {
	kind error
	text string
}

func (p *problem) Error() string { return p.text }
func (p *problem) Unwrap() error { return p.kind }

// maxQuoted is the maximum number of runes of a document in a message.
const maxQuoted = 60

func clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxQuoted {
			return s[:i] + "..."
		}
	}
	return s
}

// Quote returns s in double quotes for a message: on one line, and shortened to
// maxQuoted runes.
func Quote(s string) string {
	if c := clip(s); c != s {
		return strconv.Quote(strings.TrimSuffix(c, "...")) + "..."
	}
	return strconv.Quote(s)
}

// Alternatives joins names for a message: "a", "b" or "c".
func Alternatives(names []string) string {
	var b strings.Builder
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(n))
	}
	return b.String()
}

// suggest names the known key that is nearest to an unknown one.
func (k *Keys) suggest(key string) string {
	all := append(append([]string(nil), k.Required...), k.Optional...)
	if s := Suggest(key, all); s != "" {
		return s
	}
	return "; expected " + Alternatives(all)
}

// Suggest returns a question that names the name nearest to s, or "" if no name is
// near.
func Suggest(s string, names []string) string {
	best := spelling.Within(2, s, names)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// Suggested returns the name that a message asks for with the question of Suggest, and "" for
// another message.
func Suggested(message string) string {
	const question = "did you mean "
	at := strings.LastIndex(message, question)
	if at < 0 {
		return ""
	}
	quoted, err := strconv.QuotedPrefix(message[at+len(question):])
	if err != nil {
		return ""
	}
	name, _ := strconv.Unquote(quoted) // QuotedPrefix found it
	return name
}
