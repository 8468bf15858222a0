package sensor

import (
	"fmt"
	"slices"
	"time"
)

// An InputType is the type of the values of an input.
type InputType uint8

// The types of inputs. The zero value is not a type.
const (
	TypeString  InputType = 1 + iota // a string of bytes
	TypeInteger                      // a signed integer of 64 bits
	TypeAddress                      // an IPv4 or IPv6 address
)

// Evidence is the source of a statement about a build.
type Evidence uint8

// The kinds of evidence, strongest first. The zero value is not a kind of evidence.
const (
	EvidenceExtracted Evidence = 1 + iota // taken from the build itself
	EvidenceObserved                      // seen in events that the build produced
	EvidenceStated                        // stated by a person
)

// Access is the way in which a reader finds the value of an input.
type Access uint8

// The kinds of access. The zero value is not a kind of access.
const (
	// AccessPositional means that the reader finds inputs in an array, by index. It also reads
	// beyond the supplied inputs.
	AccessPositional Access = 1 + iota
	// AccessNamed means that the reader finds inputs in a map, by name. An input that is
	// not supplied is absent.
	AccessNamed
)

// State states whether a build supplies an input.
type State uint8

// The states of an input. The zero value claims nothing.
//
// The gate uses them as follows:
//   - An input that is supplied or constant is certain: each check assumes that events have it.
//     A criterion that holds for no value of a constant input never holds there. Nor does one
//     that holds only for strings longer than CutAt.
//   - Content that reads an input which is not certain is rejected for a positional reader. For
//     a named reader it gets a warning: always if the input is unknown or conditional, and only
//     if the outcome of a rule changes if the input is not supplied. Needs have no rules, so
//     the gate then warns always.
//   - An input that is declared, not read and not certain is rejected for a positional reader,
//     unless the contract acknowledges that it is not supplied.
//   - The type and the maximum length of an input count in each state except "not supplied".
//     The maximum length is the smaller of MaxLength and CutAt, or that of the values of a
//     constant input.
const (
	StateUnknown     State = iota
	StateNotSupplied       // no event has the input
	StateSupplied          // each event for which there is a value has the input
	StateConditional       // only some events have the input, for a stated reason
	StateConstant          // each event has the input, with one of the stated values
)

// Certain reports whether the reader always gets the input: the input is supplied or constant.
func (s State) Certain() bool { return s == StateSupplied || s == StateConstant }

// Occurs reports whether some events are known to have the input: the input is supplied, constant
// or conditional.
func (s State) Occurs() bool { return s >= StateSupplied && s <= StateConstant }

// The names of the constants above, in documents and messages.
var (
	inputTypeNames = []string{"string", "integer", "address"}
	evidenceNames  = []string{"extracted", "observed", "stated"}
	accessNames    = []string{"positional", "named"}
	stateNames     = []string{"unknown", "not supplied", "supplied", "conditional", "constant"}
)

// InputTypeNames returns the names of the types in documents, in the order of the constants.
func InputTypeNames() []string { return slices.Clone(inputTypeNames) }

func (t InputType) String() string { return nameOf("input type", inputTypeNames, int(t)-1) }
func (e Evidence) String() string  { return nameOf("evidence", evidenceNames, int(e)-1) }
func (a Access) String() string    { return nameOf("access", accessNames, int(a)-1) }
func (s State) String() string     { return nameOf("state", stateNames, int(s)) }

// nameOf returns the name of a constant. For a value without a name it returns a text that no
// reader accepts.
func nameOf(what string, names []string, i int) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("no %s", what)
	}
	return names[i]
}

func (r *reader) inputType() InputType { return InputType(1 + r.Enum(inputTypeNames...)) }
func (r *reader) evidence() Evidence   { return Evidence(1 + r.Enum(evidenceNames...)) }
func (r *reader) access() Access       { return Access(1 + r.Enum(accessNames...)) }
func (r *reader) state() State         { return State(r.Enum(stateNames...)) }

// A Date is a day of the calendar in UTC. Its text has the form 2027-01-31.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate parses a date in the form 2027-01-31. The year must be 1 to 9999, and the day must
// exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() == 0 {
		return Date{}, fmt.Errorf("%.40q is not a date; expected a day that exists, in the form 2027-01-31", s)
	}
	y, m, d := t.Date()
	return Date{y, m, d}, nil
}

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Before reports whether d ends before t.
func (d Date) Before(t time.Time) bool {
	return !time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, time.UTC).After(t)
}

func (r *reader) date() Date {
	s := r.String()
	if r.Failed() {
		return Date{}
	}
	d, err := ParseDate(s)
	if err != nil {
		r.Failf("%v", err)
	}
	return d
}
