// Package facts defines the claims of the gate about an accepted channel file,
// and a small checker that verifies them from the bytes.
//
// When cfcheck accepts a file for a fleet, it promises that no build of the
// fleet, even one that checks nothing, reads outside the file and its inputs or
// exceeds its budgets. [Facts] state that promise in detail: the places of the
// sections, the reach of each index, list, value and program, the inputs that
// are read, and for each build its supply and its costs. [Check] verifies them.
// It reads the file and the fleet by itself, in one source file of at most 400
// lines. You can verify a verdict without reading the gate's code.
//
// docs/facts.md describes the use and the limits of facts. The package imports
// only the standard library, and nothing of cfcheck.
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

// Schema is the value of the key schema.
const Schema = "cfcheck.facts/v0"

// MaxDocument is the size of the largest document that is read, in bytes.
const MaxDocument = 16 << 20

// Facts are the claims of the gate about a file that it accepted for a fleet.
// Bounds may be looser than the truth, as far as the builds allow it, but never
// tighter.
type Facts struct {
	Schema string `json:"schema"` // the constant Schema
	File   string `json:"file"`   // SHA-256 of the channel file in hex
	Fleet  string `json:"fleet"`  // SHA-256 of the fleet's document in hex
	Type   Type   `json:"type"`   // template type of the file
	// in the order of the file; each index is below the Count of its section
	Sections  []Section `json:"sections"`
	Most      Most      `json:"most"`
	Operators []string  `json:"operators"` // operators that occur
	Reads     []Read    `json:"reads"`     // the inputs that are read, ascending
	// steps of any event, without those for the bytes of its inputs
	Constant  uint64     `json:"constant"`
	Contracts []Contract `json:"contracts"` // each build of the fleet is in one
}

// A Type is the template type whose number and version are in the file's header.
// Its name and its inputs are taken on trust, because neither the file nor the
// fleet states them.
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

// A Section is the place of a section of the file.
type Section struct {
	Type   uint64 `json:"type"`
	Offset uint64 `json:"offset"`
	Length uint64 `json:"length"` // bytes
	Count  uint64 `json:"count"`  // entries
}

// Most holds the sizes that a reader must have room for.
type Most struct {
	Inputs       uint64 `json:"inputs"`       // highest index of an input that is read, plus one
	Words        uint64 `json:"words"`        // words of an instance
	Stack        uint64 `json:"stack"`        // truths on the stack
	Operands     uint64 `json:"operands"`     // operands of a criterion
	ValueLength  uint64 `json:"valueLength"`  // bytes of a value
	Instructions uint64 `json:"instructions"` // instructions of a program
}

// A Read is an input that is read, as the input of a criterion or as its operand.
type Read struct {
	Input   uint64 `json:"input"`
	PerByte uint64 `json:"perByte"` // steps for each byte of its value
}

// A Contract holds the claims about builds with the same behaviour.
type Contract struct {
	Builds []string `json:"builds"`
	// the builds lack the type version and refuse the file safely; there are no
	// other claims
	Refuses      bool   `json:"refuses,omitempty"`
	Memory       uint64 `json:"memory"` // upper bound in bytes
	MemoryBudget uint64 `json:"memoryBudget,omitempty"`
	// budget of the contract; 0 means that it states no budget
	StepBudget uint64 `json:"stepBudget,omitempty"`
	// supplies for the type version, in the order of the contract
	Feeds []Feed `json:"feeds,omitempty"`
}

// A Feed holds the claims about the events of one feed.
type Feed struct {
	Feed string `json:"feed,omitempty"` // name; may be empty
	// number of elements in the array, or map, of inputs
	Supplied uint64 `json:"supplied"`
	// stated lengths of inputs whose bytes cost steps, ascending by input
	Lengths []Length `json:"lengths,omitempty"`
	// upper bound for an event; 0 means that there is no bound and no budget
	Steps uint64 `json:"steps,omitempty"`
}

// A Length is the maximum length of the value of an input, in bytes.
type Length struct {
	Input  uint64 `json:"input"`
	Length uint64 `json:"length"`
}

// A document is a fleet, as the checker reads it. The checker ignores raw
// values, because they make no build safer.
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

	Sources, Declares, Lacks json.RawMessage
}

type supply struct {
	Type, Feed, Evidence string
	Version              *uint64
	Source               string
	Line, Events         uint64
	Collected            json.RawMessage
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
	Values                          json.RawMessage
}

// A Refusal names the claim that does not hold, or the fault of a document.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// JSON returns the facts as a document for [Check]. Equal facts give equal bytes.
func (f *Facts) JSON() ([]byte, error) {
	g := *f // the copy has empty lists, not null
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
	// Put each innermost list or object on one line. No text contains a line end.
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

// Steps returns the maximum number of steps that an event of a feed costs a
// build. The name of the feed may be empty. It reports false if there is no such
// claim: the build is unknown, or the length of its inputs has no bound.
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
