// Package facts holds what the gate claims of a channel file that it accepted,
// and a small checker that verifies it from the bytes.
//
// When cfcheck accepts a file for a fleet, it promises that no build of the
// fleet, even one that checks nothing, reads outside of the file and of its
// inputs or exceeds its budgets. [Facts] write that promise out: where the
// sections are, how far each index, list, value and program reaches, which
// inputs are read, and for each build what that costs and what it is given.
// [Check] reads the file and the fleet for itself, in one file of at most 400
// lines, believes none of it and says whether it holds. So who wants to trust
// the gate need not read the gate.
//
// docs/facts.md says how to use it, and what it does not prove. The package
// imports the standard library alone, and nothing of cfcheck.
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

// Facts are what the gate claims of a file that it accepted for a fleet. Bounds
// may be looser than the truth, as far as the builds allow it; never tighter.
type Facts struct {
	Schema    string     `json:"schema"`   // the constant Schema
	File      string     `json:"file"`     // SHA-256 of the channel file in hex
	Fleet     string     `json:"fleet"`    // likewise of the fleet's document
	Type      Type       `json:"type"`     // that the file is for
	Sections  []Section  `json:"sections"` // in the order of the file; what names an entry of one names one that is there
	Most      Most       `json:"most"`
	Operators []string   `json:"operators"` // that occur
	Reads     []Read     `json:"reads"`     // the inputs that are read, ascending
	Constant  uint64     `json:"constant"`  // steps that any event costs
	Contracts []Contract `json:"contracts"` // each build of the fleet is in one
}

// A Type is the template type whose number and version are in the file's header.
// That its name and its inputs go with them is taken on trust: neither the file
// nor the fleet say it.
type Type struct {
	Number  uint32  `json:"number"`
	Version uint32  `json:"version"`
	Name    string  `json:"name"`
	Inputs  []Input `json:"inputs"` // all that are declared
}

// An Input is a declared input. Its type is string, integer or address.
type Input struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// A Section is where a section of the file is.
type Section struct {
	Type   uint64 `json:"type"`
	Offset uint64 `json:"offset"`
	Length uint64 `json:"length"` // bytes
	Count  uint64 `json:"count"`  // entries
}

// Most says how much there is at most of what a reader has to have room for.
type Most struct {
	Inputs       uint64 `json:"inputs"`       // that an index can name: the highest that is read, plus one
	Words        uint64 `json:"words"`        // of an instance
	Stack        uint64 `json:"stack"`        // truths on the stack
	Operands     uint64 `json:"operands"`     // of a criterion
	ValueLength  uint64 `json:"valueLength"`  // bytes of a value
	Instructions uint64 `json:"instructions"` // of a program
}

// A Read is an input that is read, as the input of a criterion or as what one is
// compared with.
type Read struct {
	Input   uint64 `json:"input"`
	PerByte uint64 `json:"perByte"` // steps for each byte of its value
}

// A Contract is what is claimed of builds that do the same.
type Contract struct {
	Builds       []string `json:"builds"`
	Refuses      bool     `json:"refuses,omitempty"` // they do not have the type version, and refuse the file safely; nothing else is claimed
	Memory       uint64   `json:"memory"`            // bytes, at most
	MemoryBudget uint64   `json:"memoryBudget,omitempty"`
	StepBudget   uint64   `json:"stepBudget,omitempty"` // of the contract; 0: none is stated
	Feeds        []Feed   `json:"feeds,omitempty"`      // what they supply for the type version, in the order of the contract
}

// A Feed is what is claimed of the events of one feed.
type Feed struct {
	Feed     string   `json:"feed,omitempty"`    // its name, if it has one
	Supplied uint64   `json:"supplied"`          // elements of the array, or map, of inputs
	Lengths  []Length `json:"lengths,omitempty"` // of the inputs whose bytes cost steps and of which one is stated, ascending
	Steps    uint64   `json:"steps,omitempty"`   // of an event, at most; 0: nothing bounds them, and there is no budget
}

// A Length is how many bytes the value of an input has at most.
type Length struct {
	Input  uint64 `json:"input"`
	Length uint64 `json:"length"`
}

// A document is a fleet, as the checker reads it. What is raw makes no build
// safer, so the checker does not look at it.
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

// A Refusal says which claim does not hold, or what is not as it must be.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// JSON returns the facts as the document that [Check] takes: the same facts, the
// same bytes.
func (f *Facts) JSON() ([]byte, error) {
	g := *f // a list that is empty is written as such
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
	// What has nothing inside of it is one line. No text has a line's end.
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

// Steps returns how many steps an event may cost a build, the name of whose feed
// may be empty. It reports false if nothing is claimed: there is no such build,
// or nothing bounds the length of its inputs.
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
