package sensor

import (
	"fmt"
	"slices"
	"time"
)

// An InputType is the type of the values that an input has.
type InputType uint8

// The types of inputs. Zero is none.
const (
	TypeString  InputType = 1 + iota // bytes
	TypeInteger                      // a signed integer of 64 bits
	TypeAddress                      // an IPv4 or IPv6 address
)

// Evidence says how something about a build is known.
type Evidence uint8

// The kinds of evidence, from strong to weak. Zero is none.
const (
	EvidenceExtracted Evidence = 1 + iota // from the build itself
	EvidenceObserved                      // in events that the build produced
	EvidenceStated                        // by a person
)

// Access says how a reader finds the value of an input.
type Access uint8

// The kinds of access. Zero is none.
const (
	AccessPositional Access = 1 + iota // an array, by index: what is not there is read all the same
	AccessNamed                        // a map, by name: what is not there is absent
)

// State says whether a build hands over an input.
type State uint8

// The states of an input. Zero claims nothing.
//
// Until a check asks for more, the gate takes a conditional input for an unknown
// one wherever it must be sure that events have it: content that reads it is
// rejected for a positional reader, and gets a warning for a named one. Where a
// value can do harm, it takes the input for a supplied one: the type and the
// length are judged. A constant input is judged as a supplied one, as if it
// could have any value of its type and length. An input that is cut at a length
// is judged by its state, and is not longer than that.
const (
	StateUnknown     State = iota
	StateNotSupplied       // no event has it
	StateSupplied          // each event for which there is a value has it
	StateConditional       // only some events have it, for a reason that is stated
	StateConstant          // each event has it, with one of the values that are stated
)

// Certain reports whether the reader surely gets the input: it is supplied or
// constant.
func (s State) Certain() bool { return s == StateSupplied || s == StateConstant }

// Occurs reports whether some events are known to have the input: it is
// supplied, constant or conditional.
func (s State) Occurs() bool { return s >= StateSupplied && s <= StateConstant }

// The texts of the types above, as documents and messages have them.
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

// nameOf never returns a text that a reader accepts for a value without name.
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

// A Date is a day of the calendar, in UTC. Its text is in the form 2027-01-31.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date of the years 1 to 9999 in the form 2027-01-31. The
// day must exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() == 0 {
		return Date{}, fmt.Errorf("%.40q is not a date; expected a day that exists, in the form 2027-01-31", s)
	}
	y, m, d := t.Date()
	return Date{y, m, d}, nil
}

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Before reports whether the whole of d lies before t.
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
