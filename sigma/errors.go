package sigma

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/spelling"
)

// A Position is a place in a file of rules. Lines and columns count from 1;
// columns count bytes, and a byte order mark is not counted. Lines end with LF,
// CR LF or CR.
type Position struct{ Line, Column int }

func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// place returns the position of an error of this package.
func place(err error) Position {
	switch e := err.(type) {
	case *Error:
		return e.Position
	case *UnsupportedError:
		return e.Position
	case *UnknownFieldError:
		return e.Position
	case *UnresolvedError:
		return e.Position
	}
	return Position{}
}

// An Error says that a rule is malformed: by Sigma's specification, or because
// it asks of a field what its type cannot answer. The fault is the rule's.
type Error struct {
	Name string // of the file, as it was given to [Parse]
	Position
	Path  string // what stands there, such as "detection.selection"; "" for the file as a whole
	Found string // what is wrong
	Want  string // what would be right, or what to do
}

func (e *Error) Error() string {
	return message(e.Name, e.Position, e.Path, e.Found, e.Want)
}

// An UnsupportedError says that a rule is sound, and that cfcheck cannot
// express it. The limit is ours.
type UnsupportedError struct {
	Name string // of the file
	Position
	Path   string
	ID     string // of the rule, as its author wrote it
	Title  string // of the rule
	Reason string
}

func (e *UnsupportedError) Error() string {
	return message(e.Name, e.Position, e.Path, "not supported: "+e.Reason, "")
}

// An UnresolvedError says that a correlation or a filter refers to a rule that
// is not among those that were compiled together. What it would change is not
// known.
type UnresolvedError struct {
	Name string // of the file
	Position
	Path      string
	ID        string // of the correlation or filter, as its author wrote it; may be empty
	Title     string
	Kind      Kind
	Reference string // the ID or name of the rule
}

func (e *UnresolvedError) Error() string {
	return message(e.Name, e.Position, e.Path,
		fmt.Sprintf("no rule here has the id or name %s, which the %v refers to", quote(e.Reference), e.Kind),
		"name the rules and what refers to them in one run")
}

// An UnknownFieldError says that a rule reads a field that its template type
// does not have.
type UnknownFieldError struct {
	Name string // of the file
	Position
	Path    string
	ID      string // of the rule, as its author wrote it
	Title   string // of the rule
	Field   string
	Type    string // name of the template type
	Version uint32 // of the template type
	Nearest string // the type's field that was probably meant; "" if none is near
	Fields  []string
}

func (e *UnknownFieldError) Error() string {
	want := ""
	switch {
	case strings.EqualFold(e.Field, e.Nearest):
		want = fmt.Sprintf("did you mean %s? The case of field names matters", quote(e.Nearest))
	case e.Nearest != "":
		want = fmt.Sprintf("did you mean %s?", quote(e.Nearest))
	default:
		want = "it has " + enumerate(e.Fields)
	}
	return message(e.Name, e.Position, e.Path,
		fmt.Sprintf("field %s is not in type %s version %d", quote(e.Field), e.Type, e.Version), want)
}

// A Note is a remark on a rule that is sound, for a person to look at.
type Note struct {
	Name string // of the file
	Position
	Path    string
	Message string
}

func (n Note) String() string { return message(n.Name, n.Position, n.Path, n.Message, "") }

// message lays a message out as compilers do, so that editors can jump to it.
func message(name string, at Position, path, found, want string) string {
	var b strings.Builder
	b.WriteString(name)
	if at.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", at.Line, at.Column)
	}
	b.WriteString(": ")
	if path != "" {
		b.WriteString(path + ": ")
	}
	b.WriteString(found)
	if want != "" {
		b.WriteString("; " + want)
	}
	return b.String()
}

// errorList collects errors up to MaxErrors, and counts the rest.
type errorList struct {
	errs []error
	more int
}

func (l *errorList) add(err error) {
	if len(l.errs) < MaxErrors {
		l.errs = append(l.errs, err)
	} else {
		l.more++
	}
}

// err joins what was collected, in the order of the file. A last one carries
// the number of the others.
func (l *errorList) err(name string) error {
	slices.SortStableFunc(l.errs, func(a, b error) int { return place(a).compare(place(b)) })
	if l.more > 0 {
		return errors.Join(append(l.errs, &Error{Name: name, Position: Position{1, 1},
			Found: fmt.Sprintf("%s further errors in this file", count(l.more))})...)
	}
	return errors.Join(l.errs...)
}

// Errors returns the errors that the functions of this package join into one,
// in the order in which they were found: each an [*Error], an
// [*UnsupportedError], an [*UnknownFieldError], an [*UnresolvedError] or an
// error of the file system.
func Errors(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Errors(e)...)
	}
	return all
}

// maxShown is how many characters of foreign text a message repeats.
const maxShown = 80

// quote returns s as a message shows it: in quotes, control characters
// escaped, and cut where it is long.
func quote(s string) string {
	if utf8.RuneCountInString(s) <= maxShown {
		return fmt.Sprintf("%q", s)
	}
	cut := 0
	for i := range s {
		if cut == maxShown {
			return fmt.Sprintf("%q... (%s bytes)", s[:i], count(len(s)))
		}
		cut++
	}
	return fmt.Sprintf("%q", s)
}

// count returns n with commas between thousands.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural returns a number with its noun: "1 value", "2 values".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "ch"); ok {
		return count(n) + " " + stem + "ches"
	}
	return count(n) + " " + noun + "s"
}

// enumerate lists words for a message, and cuts the list where it is long.
func enumerate(words []string) string {
	const most = 24
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(words, ", ")
}

// nearest returns the candidate that was probably meant by word, or "": a third
// of the letters may be others.
func nearest(word string, candidates []string) string {
	return spelling.Nearest(word, candidates, func(string) int { return max(1, len(word)/3) })
}

// nearestField is nearest for names of fields, of which many are alike and mean
// something else: ParentImage is no misspelt GrandParentImage.
func nearestField(word string, fields []string) string {
	return spelling.Nearest(word, fields, func(string) int { return max(1, len(word)/8) })
}

// didYouMean is the end of a message about a word that is none of the known
// ones: the nearest of them, or else all.
func didYouMean(word string, known []string) string {
	if n := nearest(word, known); n != "" {
		return fmt.Sprintf("did you mean %s?", quote(n))
	}
	return "expected " + enumerate(known)
}
