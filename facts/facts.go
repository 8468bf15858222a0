// Package facts defines the claims of the gate about an accepted channel file, and a small checker
// that verifies them from the bytes of the file.
//
// When cfcheck accepts a file for a fleet, it makes a promise about every build of the fleet, even
// a build that checks nothing. The build does not read outside the file and its inputs, and does
// not exceed its budgets. [Facts] state this promise in detail. They list the sections, the reach
// of each index, list, value and program, and the inputs that are read. For each build they list
// its costs and its supply.
//
// [Check] reads the file and the fleet itself. It trusts only the name and the inputs of the
// template type, which the file and the fleet do not contain, and verifies everything else. Its
// code is one file of at most 400 lines. So you can verify a verdict without reading the code of
// the gate.
//
// docs/facts.md explains the use of facts and their limits. The package imports only the standard
// library and no other package of cfcheck.
package facts

import (
	"bytes"
	"embed"
	"encoding/json"
	"regexp"
	"slices"
)

// Schemas holds schema/facts.json, the JSON Schema (draft 2020-12) of facts.
//
//go:embed schema/facts.json
var Schemas embed.FS

// Schema is the value of the key "schema".
const Schema = "cfcheck.facts/v0"

// MaxDocument is the maximum size of a document, in bytes.
const MaxDocument = 16 << 20

// Facts are the claims of the gate about a file that it accepted for a fleet. A bound may be
// looser than the actual value, as far as the builds allow it. It may never be tighter.
type Facts struct {
	Schema string `json:"schema"` // the constant Schema
	File   string `json:"file"`   // SHA-256 of the channel file in hex
	Fleet  string `json:"fleet"`  // SHA-256 of the document of the fleet in hex
	Type   Type   `json:"type"`   // template type of the file
	// Sections are in the order of the file. Every reference from one section to an entry of
	// another section leads to an existing entry.
	Sections  []Section  `json:"sections"`
	Most      Most       `json:"most"`
	Operators []string   `json:"operators"` // operators that occur
	Reads     []Read     `json:"reads"`     // inputs that are read, ascending
	Constant  uint64     `json:"constant"`  // steps that any event costs
	Contracts []Contract `json:"contracts"` // each build of the fleet is in one contract
}

// A Type is the template type with the number and version in the header of the file. Its name and
// inputs are not verified: neither the file nor the fleet contains them.
type Type struct {
	Number  uint32  `json:"number"`
	Version uint32  `json:"version"`
	Name    string  `json:"name"`
	Inputs  []Input `json:"inputs"` // all declared inputs
}

// An Input is a declared input. Its type is string, integer or address.
type Input struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// A Section is the position of a section in the file.
type Section struct {
	Type   uint64 `json:"type"`
	Offset uint64 `json:"offset"`
	Length uint64 `json:"length"` // in bytes
	Count  uint64 `json:"count"`  // number of entries
}

// Most has the maximum sizes that a reader needs room for.
type Most struct {
	Inputs       uint64 `json:"inputs"`       // highest index of an input that is read, plus one
	Words        uint64 `json:"words"`        // words of an instance
	Stack        uint64 `json:"stack"`        // truth values on the stack
	Operands     uint64 `json:"operands"`     // operands of a criterion
	ValueLength  uint64 `json:"valueLength"`  // length of a value, in bytes
	Instructions uint64 `json:"instructions"` // instructions of a program
}

// A Read is an input that the file reads, either as the input of a criterion or as an input that a
// criterion compares with.
type Read struct {
	Input   uint64 `json:"input"`
	PerByte uint64 `json:"perByte"` // steps for each byte of its value
}

// A Contract has the claims about builds with the same terms.
type Contract struct {
	Builds []string `json:"builds"`
	// the builds do not have the type version and refuse the file safely; there are no other claims
	Refuses      bool   `json:"refuses,omitempty"`
	Memory       uint64 `json:"memory"` // maximum memory in bytes
	MemoryBudget uint64 `json:"memoryBudget,omitempty"`
	StepBudget   uint64 `json:"stepBudget,omitempty"` // 0 means no budget
	Feeds        []Feed `json:"feeds,omitempty"`      // in the order of the contract
}

// A Feed has the claims about the events of one feed.
type Feed struct {
	Feed     string `json:"feed,omitempty"` // its name; "" means that the feed has no name
	Supplied uint64 `json:"supplied"`       // number of elements in the array, or map, of inputs
	// maximum lengths, ascending by input, of inputs whose bytes cost steps and whose length is
	// bounded
	Lengths []Length `json:"lengths,omitempty"`
	Steps   uint64   `json:"steps,omitempty"` // maximum of an event; 0 means no bound
}

// A Length is the maximum length of the value of an input, in bytes.
type Length struct {
	Input  uint64 `json:"input"`
	Length uint64 `json:"length"`
}

// keys are the keys of facts and fleets.
const keys = " access acknowledged budget build builds collected column condition constant contracts count criteria cutAt declares elements event events evidence " +
	"facts feed feeds field file fileSize filters fleet formats hashes hosts id input inputs instances instructions lacks length lengths limits line match " +
	"maxLength memory memoryBudget most name note number off offset onmatch operands operandsPerCriterion operators otherForm path perByte perMillion " +
	"programInstructions reader reads reason refuses refusesUnknownVersions revision rule rules schema sections seen sensor sensors sha256 since source " +
	"sources stack state stepBudget steps supplied supply type until value valueLength values version versions why words wordsPerInstance "

// A document is a fleet as the checker reads it. The checker does not parse the json.RawMessage
// fields, since their content makes no build safer.
type document struct {
	Schema, Name, Note string
	Builds             []build
}

type build struct {
	Build, Note string
	Hosts       uint64
	Reader      struct {
		Evidence, Access       string
		Formats, Operators     []string
		RefusesUnknownVersions bool
		Limits, Budget         map[string]uint64
	}
	Supply []supply

	Sources, Sensors, Declares, Lacks json.RawMessage
}

type supply struct {
	Type, Feed, Evidence string
	Version              *uint64
	Source               string
	Line, Events         uint64
	Collected, Filters   json.RawMessage
	Inputs               []supplied
	Acknowledged         []struct {
		Input      uint64
		Why, Until string
	}
}

type supplied struct {
	Name, Type, State               string
	MaxLength, CutAt, Seen          uint64
	Evidence, Reason, Since, Source string
	Line, PerMillion                uint64
	Values                          []any

	OtherForm, Hashes json.RawMessage
}

// A Refusal states the claim that does not hold, or the fault in a document.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// JSON returns the facts as the document that [Check] reads. Equal facts give equal bytes.
func (f *Facts) JSON() ([]byte, error) {
	g := *f // so that an empty list is written as [] and not as null
	g.Type.Inputs = append([]Input{}, f.Type.Inputs...)
	g.Sections = append([]Section{}, f.Sections...)
	g.Operators = append([]string{}, f.Operators...)
	g.Reads = append([]Read{}, f.Reads...)
	g.Contracts = append([]Contract{}, f.Contracts...)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(&g)
	// Write each innermost object or array on one line. No text in facts contains a line break.
	return innermost.ReplaceAllFunc(b.Bytes(), func(lines []byte) []byte {
		return lineEnd.ReplaceAll(comma.ReplaceAll(lines, []byte(", ")), nil)
	}), err
}

var (
	innermost = regexp.MustCompile(`[{\[]\n[^{}\[\]]*[}\]]`)
	comma     = regexp.MustCompile(`,\n *`)
	lineEnd   = regexp.MustCompile(`\n *`)
)

// InputRead reports whether a sensor may read an input.
func (f *Facts) InputRead(input int) bool {
	return slices.ContainsFunc(f.Reads, func(r Read) bool { return r.Input == uint64(input) })
}

// Steps returns the maximum number of steps that an event of a feed costs a build. The feed may be
// "". Steps returns false if there is no claim: the build does not exist, or nothing bounds the
// lengths of its inputs.
func (f *Facts) Steps(build, feed string) (steps uint64, ok bool) {
	for i := range f.Contracts {
		if !slices.Contains(f.Contracts[i].Builds, build) {
			continue
		}
		for _, of := range f.Contracts[i].Feeds {
			if of.Feed == feed {
				return of.Steps, of.Steps > 0
			}
		}
	}
	return 0, false
}
