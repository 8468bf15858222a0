package sigma

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/spelling"
)

// A Position is a place in a file of rules. Lines and columns count from 1.
// Columns count bytes, and do not count a byte order mark. Lines end with LF,
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

// An Error reports that a rule is malformed. It violates Sigma's specification,
// or makes a comparison that the type of a field does not allow. The author of
// the rule must fix it.
type Error struct {
	Name string // name of the file, as it was given to [Parse]
	Position
	Path  string // path of the element, such as "detection.selection"; "" means the whole file
	Found string // the problem
	Want  string // the expected content, or advice

	Correction Correction
}

// A Correction is the word that an author probably meant. The zero Correction means that no
// other word is near enough.
type Correction struct {
	Kind     CorrectionKind
	Old, New string // the text that stands at the position, and the text that was meant
}

// A CorrectionKind is the kind of word that a [Correction] is about.
type CorrectionKind uint8

const (
	NoCorrection      CorrectionKind = iota
	CorrectsKey                      // a key of a document
	CorrectsLogsource                // a key or a value of a logsource
	CorrectsModifier                 // a modifier of a field
	CorrectsStatus                   // a status, a level or a taxonomy
	CorrectsTag                      // a tag
	CorrectsRelated                  // the type of a related rule
	CorrectsCase                     // the case of a field's name
)

func (e *Error) Error() string {
	return message(e.Name, e.Position, e.Path, e.Found, e.Want)
}

// An UnsupportedError reports that cfcheck cannot express a well-formed rule.
// This is a limit of cfcheck.
type UnsupportedError struct {
	Name string // name of the file
	Position
	Path   string
	ID     string // ID of the rule, as its author wrote it
	Title  string // title of the rule
	Author string // of the rule
	Reason string
}

func (e *UnsupportedError) Error() string {
	return message(e.Name, e.Position, e.Path, "not supported: "+e.Reason, "")
}

// An UnresolvedError reports that a correlation or a filter refers to a rule
// that is not among the rules that were compiled together. The effect of the
// correlation or filter on that rule is therefore unknown.
type UnresolvedError struct {
	Name string // name of the file
	Position
	Path      string
	ID        string // ID of the correlation or filter, as its author wrote it; may be empty
	Title     string
	Author    string
	Kind      Kind
	Reference string // the ID or name that no rule has
}

func (e *UnresolvedError) Error() string {
	return message(e.Name, e.Position, e.Path,
		fmt.Sprintf("the %v refers to rule %s, and no rule of this run has this id or name", e.Kind, quote(e.Reference)),
		"check the rules together with the documents that refer to them")
}

// An UnknownFieldError reports that a rule reads a field that its template type
// does not have.
type UnknownFieldError struct {
	Name string // name of the file
	Position
	Path    string
	ID      string // ID of the rule, as its author wrote it
	Title   string // title of the rule
	Author  string // of the rule
	Field   string
	Type    string // name of the template type
	Version uint32 // version of the template type
	Nearest string // the similar field of the type; "" if no field is similar

	// If Feed is not "", the events of this feed have Nearest under the name Raw,
	// which is Field or similar to it.
	Feed, Raw string

	Fields   []string
	Unfilled []string // placeholders of the comparison that have no values either
}

func (e *UnknownFieldError) Error() string {
	want := ""
	switch {
	case strings.EqualFold(e.Field, e.Nearest):
		want = fmt.Sprintf("did you mean %s? The case of field names matters", quote(e.Nearest))
	case e.Feed != "":
		want = fmt.Sprintf("did you mean %s? It is %s in the events of feed %s", quote(e.Nearest), quote(e.Raw), e.Feed)
	case e.Nearest != "":
		want = fmt.Sprintf("did you mean %s?", quote(e.Nearest))
	default:
		want = "it has " + enumerate(e.Fields)
	}
	return message(e.Name, e.Position, e.Path,
		fmt.Sprintf("field %s is not in type %s version %d", quote(e.Field), e.Type, e.Version), want)
}

// A Note is a remark on a correct rule that its author should look at.
type Note struct {
	Name string // name of the file
	Position
	Path    string
	Message string

	Correction Correction
}

func (n Note) String() string { return message(n.Name, n.Position, n.Path, n.Message, "") }

// message formats a message as compilers do, so that editors can jump to the
// place.
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

// errorList collects errors up to MaxErrors, and counts the remaining ones.
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

// err joins the collected errors, in the order of the file. If some were only
// counted, the last error states their number.
func (l *errorList) err(name string) error {
	slices.SortStableFunc(l.errs, func(a, b error) int { return place(a).compare(place(b)) })
	if l.more > 0 {
		return errors.Join(append(l.errs, &Error{Name: name, Position: Position{1, 1},
			Found: fmt.Sprintf("%s further errors in this file", count(l.more))})...)
	}
	return errors.Join(l.errs...)
}

// Errors splits an error that a function of this package joined. It returns the
// errors in the order in which they were found. Most are errors in rules: an
// [*Error], an [*UnsupportedError], an [*UnknownFieldError] or an
// [*UnresolvedError]. Others are a [*BudgetError], an error that wraps
// [ErrNoRule], and errors of the file system or the encoder. For nil it returns
// nil.
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

// maxShown is the maximum number of characters of foreign text in a message.
const maxShown = 80

// quote returns s for a message: in quotes, with control characters escaped,
// and shortened if it is longer than maxShown.
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
func count(n int) string { return numeral.Thousands(uint64(n)) }

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

// enumerate joins words for a message, and shortens a long list.
func enumerate(words []string) string {
	const most = 24
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(words, ", ")
}

// nearest returns the candidate that is most similar to word, or "" if no
// candidate is similar enough. At most a third of the letters may differ.
func nearest(word string, candidates []string) string {
	return spelling.Nearest(word, candidates, func(string) int { return max(1, len(word)/3) })
}

// nearestField is nearest for names of fields. Many field names are similar and
// yet different, such as ParentImage and GrandParentImage, so that at most an
// eighth of the letters may differ.
func nearestField(word string, fields []string) string {
	return spelling.Nearest(word, fields, func(string) int { return max(1, len(word)/8) })
}

// didYouMean returns the advice for an unknown word: the most similar known
// word, or else all known words.
func didYouMean(word string, known []string) string {
	if n := nearest(word, known); n != "" {
		return fmt.Sprintf("did you mean %s?", quote(n))
	}
	return "expected " + enumerate(known)
}
