package cells

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Header is the first line of a ledger.
const Header = "cfcheck.ledger/v0"

// MaxSize is the maximum size of a ledger, in bytes.
const MaxSize = 64 << 20

// A Ledger is a record of the cells that shipped to builds, and that did no harm. It only grows:
// two ledgers of one fleet are merged by taking the lines of both.
type Ledger struct {
	Name string // name of the file, for messages

	survived map[entry]sensor.Date
	// Earliest date of an entry with the part, see [Ledger.New].
	parts map[part]sensor.Date
}

// An entry is a cell of a build.
type entry struct {
	build string
	cell  Cell
}

// A part is the first fields of an entry.
type part struct {
	build  string
	cell   Cell // with zero values in the fields that do not belong to the part
	fields Novelty
}

// A Novelty is the first field of a cell that is new for a build.
type Novelty uint8

const (
	NewType     Novelty = iota // no content of the type version has a record
	NewInput                   // no content that reads the input has
	NewOperator                // no content that compares the input by the operator has
	NewClass                   // no content with an operand of the class has
	NewSize                    // only content with lists of another class of size has
	Known                      // the cell has a record
)

// part returns the fields of a cell up to the one that n names.
func (c Cell) part(n Novelty) Cell {
	p := Cell{Type: c.Type, Version: c.Version}
	if n >= NewInput {
		p.Input = c.Input
	}
	if n >= NewOperator {
		p.Operator = c.Operator
	}
	if n >= NewClass {
		p.Class = c.Class
	}
	return p
}

// Add records that a cell shipped to a build and did no harm by a date. The earliest date of an
// entry counts. Add reports whether the entry is new.
func (l *Ledger) Add(build string, c Cell, by sensor.Date) bool {
	if l.survived == nil {
		l.survived, l.parts = map[entry]sensor.Date{}, map[part]sensor.Date{}
	}
	//mutation:equivalent: New looks for no part of the size
	for n := NewType; n < NewSize; n++ {
		earliest(l.parts, part{build, c.part(n), n}, by)
	}
	return earliest(l.survived, entry{build, c}, by)
}

// earliest sets a date, unless an earlier one is known. It reports whether no date was known.
func earliest[K comparable](dates map[K]sensor.Date, k K, date sensor.Date) bool {
	before, ok := dates[k]
	//mutation:equivalent comparison#1: the dates are equal
	if !ok || compareDates(date, before) < 0 {
		dates[k] = date
	}
	return !ok
}

func compareDates(a, b sensor.Date) int {
	return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Day, b.Day))
}

// Len returns the number of entries.
func (l *Ledger) Len() int { return len(l.survived) }

// New returns the first field of a cell that is new for a build, or Known. An entry with a date
// after now does not count.
func (l *Ledger) New(build string, c Cell, now time.Time) Novelty {
	counts := func(by sensor.Date, ok bool) bool {
		return ok && !time.Date(by.Year, by.Month, by.Day, 0, 0, 0, 0, time.UTC).After(now)
	}
	if by, ok := l.survived[entry{build, c}]; counts(by, ok) {
		return Known
	}
	//mutation:equivalent: no record has the part of the size
	for n := NewType; n < NewSize; n++ {
		if by, ok := l.parts[part{build, c.part(n), n}]; !counts(by, ok) {
			return n
		}
	}
	return NewSize
}

// Bytes returns the ledger as a file: the header, and a line for each entry. The lines are sorted
// by build and cell.
func (l *Ledger) Bytes() []byte {
	entries := slices.SortedFunc(maps.Keys(l.survived), func(a, b entry) int {
		return cmp.Or(strings.Compare(a.build, b.build), a.cell.Compare(b.cell))
	})
	var b bytes.Buffer
	fmt.Fprintln(&b, Header)
	for _, e := range entries {
		fmt.Fprintln(&b, line(e, l.survived[e]))
	}
	return b.Bytes()
}

// line returns the line of an entry.
func line(e entry, by sensor.Date) string { return fmt.Sprintf("%s %v %v", quote(e.build), e.cell, by) }

// A LedgerError is a fault in a ledger, and its place.
type LedgerError struct {
	Name  string // name of the file
	Line  int    // from 1
	Found string // the problem, and the expected content
}

func (e *LedgerError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Found) }

// ReadLedger reads a ledger. The name is used only in messages. The lines may have any order, and
// an entry may have several lines, because Git and other tools merge ledgers line by line. The
// header may also be repeated, because files may be joined. Each other difference from the form
// that [Ledger.Bytes] writes is an error, of type [*LedgerError].
func ReadLedger(name string, data []byte) (*Ledger, error) {
	l := &Ledger{Name: name}
	fail := func(n int, format string, args ...any) (*Ledger, error) {
		return nil, &LedgerError{name, n, fmt.Sprintf(format, args...)}
	}
	if len(data) > MaxSize {
		return fail(1, "the file has more than %d bytes", MaxSize)
	}
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		text, ended := strings.CutSuffix(text, "\n")
		switch {
		case !ended:
			return fail(n, "the file ends in the middle of a line; restore the rest of it")
		case strings.HasSuffix(text, "\r"):
			return fail(n, "the line ends with a carriage return (want a line feed alone)")
		case text == Header:
			continue
		case n == 1:
			return fail(n, "found %.60q (want the line %s)", text, Header)
		}
		e, by, err := parseLine(text)
		if err != nil {
			return fail(n, "%v", err)
		}
		l.Add(e.build, e.cell, by)
	}
	if n == 0 {
		return fail(1, "the file is empty (want the line %s)", Header)
	}
	return l, nil
}

// The number of fields of a cell, and of a line.
const (
	cellFields = 5
	lineFields = cellFields + 2
)

func parseLine(text string) (entry, sensor.Date, error) {
	fields, err := split(text)
	if err != nil {
		return entry{}, sensor.Date{}, err
	}
	if len(fields) != lineFields {
		return entry{}, sensor.Date{}, fmt.Errorf("found %d fields (want %d: build, type/version, input, operator, class of value, class of size, date)", len(fields), lineFields)
	}
	c, err := parseCell(fields[1:])
	if err != nil {
		return entry{}, sensor.Date{}, err
	}
	by, err := sensor.ParseDate(fields[lineFields-1].text)
	if err != nil {
		return entry{}, sensor.Date{}, err
	}
	e := entry{fields[0].text, c}
	if want := line(e, by); text != want {
		return entry{}, sensor.Date{}, fmt.Errorf("found %.200q (want %.200q)", text, want)
	}
	return e, by, nil
}

// A field is a part of a line.
type field struct {
	text   string // without quotes
	quoted bool
}

// split returns the fields of a line.
func split(text string) (fields []field, err error) {
	for rest := text; ; {
		f, tail := field{}, ""
		if strings.HasPrefix(rest, `"`) {
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("found %.60q (want a closing quote)", rest)
			}
			unquoted, err := strconv.Unquote(q)
			if err != nil { //mutation:equivalent: QuotedPrefix has checked the text
				return nil, fmt.Errorf("found %.60q (want a text in quotes)", q)
			}
			f, tail = field{unquoted, true}, rest[len(q):]
		} else {
			i := strings.IndexByte(rest, ' ')
			if i < 0 {
				i = len(rest)
			}
			f, tail = field{rest[:i], false}, rest[i:]
		}
		fields = append(fields, f)
		if tail == "" {
			return fields, nil
		}
		if tail[0] != ' ' {
			return nil, fmt.Errorf("found %.60q after a text in quotes (want a space)", tail)
		}
		rest = tail[1:]
	}
}

// Parse returns the cell with a text that [Cell.String] writes. Each other text is an error.
func Parse(text string) (Cell, error) {
	fields, err := split(text)
	if err != nil {
		return Cell{}, err
	}
	if len(fields) != cellFields {
		return Cell{}, fmt.Errorf("found %d fields (want %d: type/version, input, operator, class of value, class of size)", len(fields), cellFields)
	}
	c, err := parseCell(fields)
	if err != nil {
		return Cell{}, err
	}
	if want := c.String(); text != want {
		return Cell{}, fmt.Errorf("found %.200q (want %.200q)", text, want)
	}
	return c, nil
}

// parseCell returns the cell of the first fields.
func parseCell(fields []field) (Cell, error) {
	c := Cell{Operator: fields[2].text}
	name, version, ok := cutLast(fields[0].text, '/')
	n, err := strconv.ParseUint(version, 10, 32)
	if !ok || name == "" || err != nil || n > channelfile.MaxNumber {
		return c, fmt.Errorf("found the type %.60q (want its name and version, such as ipc/1)", fields[0].text)
	}
	c.Type, c.Version = name, uint32(n)
	if whole := !fields[1].quoted && fields[1].text == absent; whole != (c.Operator == Instances) {
		return c, fmt.Errorf("found the input %.60q with the operator %.60q (want %s exactly for %s)", fields[1].text, c.Operator, absent, Instances)
	} else if !whole {
		c.Input = fields[1].text
	}
	if !knownOperator(c.Operator) {
		return c, fmt.Errorf("unknown operator %.60q (want one of FORMAT.md with its flags, such as equals+fold)", c.Operator)
	}
	if c.Class, ok = parseClass(fields[3].text); !ok {
		return c, fmt.Errorf("unknown class of value %.60q (want %s, or some of %s, joined by +)", fields[3].text, absent, strings.Join(classNames, ", "))
	}
	for c.Size = sizeZero; c.Size.String() != fields[4].text; c.Size++ {
		if c.Size == maxSize {
			return c, fmt.Errorf("unknown class of size %.60q (want 0, 1, 2, 3-4, 5-8 and so on)", fields[4].text)
		}
	}
	return c, nil
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	//mutation:equivalent comparison: an empty name is refused too
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func knownOperator(text string) bool {
	if text == Instances {
		return true
	}
	name, rest, _ := strings.Cut(text, "+")
	if !slices.ContainsFunc(channelfile.Operators(), func(op channelfile.Operator) bool { return op.String() == name }) {
		return false
	}
	for _, f := range flagNames {
		if first, after, _ := strings.Cut(rest, "+"); first == f.name {
			rest = after
		}
	}
	return rest == ""
}

func parseClass(text string) (Class, bool) {
	if text == absent {
		return 0, true
	}
	var c Class
	for name := range strings.SplitSeq(text, "+") {
		i := slices.Index(classNames, name)
		if i < 0 {
			return 0, false
		}
		c |= 1 << i
	}
	//mutation:equivalent width: the value is at most 7
	return c, bits.OnesCount16(uint16(c&(Empty|Short|Long))) <= 1
}
