package facts

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Facts are what the gate claims of an accepted file. A bound may be looser than
// the truth, as long as the builds allow it; never tighter.
type Facts struct {
	Schema    string     `json:"schema"` // [Schema]
	File      string     `json:"file"`   // SHA-256 in hex of the channel file
	Fleet     string     `json:"fleet"`  // likewise of the fleet's document
	Type      Type       `json:"type"`
	Sections  []Section  `json:"sections"` // all, in the order of the file; each index that is followed is below Count
	Most      Most       `json:"most"`
	Operators []string   `json:"operators"` // that occur
	Reads     []Read     `json:"reads"`     // the inputs that are read, ascending
	Constant  uint64     `json:"constant"`  // steps of an event before the lengths of its inputs
	Contracts []Contract `json:"contracts"` // each build of the fleet is in one
}

// Schema is the value of the key schema.
const Schema = "cfcheck.facts/v0"

// A Type is the template type whose number and version the file's header has.
// Its name and its inputs are taken on trust, and held against the fleet.
type Type struct {
	Number  uint32  `json:"number"`
	Version uint32  `json:"version"`
	Name    string  `json:"name"`
	Inputs  []Input `json:"inputs"` // as many as are declared
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
	Length uint64 `json:"length"`
	Count  uint64 `json:"count"`
}

// Most are bounds over all of the file.
type Most struct {
	Inputs       uint64 `json:"inputs"`       // each index of an input is below
	Words        uint64 `json:"words"`        // of an instance
	Stack        uint64 `json:"stack"`        // truths on it
	Operands     uint64 `json:"operands"`     // of a criterion
	ValueLength  uint64 `json:"valueLength"`  // bytes
	Instructions uint64 `json:"instructions"` // of a program
}

// A Read is an input that criteria read, and what each byte of it costs.
type Read struct {
	Input   uint64 `json:"input"`
	PerByte uint64 `json:"perByte"` // steps
}

// A Contract is what holds for builds that do the same.
type Contract struct {
	Builds       []string `json:"builds"`
	Refuses      bool     `json:"refuses,omitempty"` // the type version, safely; nothing else is claimed then
	Memory       uint64   `json:"memory"`            // bytes that are needed
	MemoryBudget *uint64  `json:"memoryBudget,omitempty"`
	StepBudget   *uint64  `json:"stepBudget,omitempty"`
	Feeds        []Feed   `json:"feeds,omitempty"` // that supply the type version, in the order of the contract
}

// A Feed is what holds for the events of one feed.
type Feed struct {
	Feed     string   `json:"feed,omitempty"`
	Supplied uint64   `json:"supplied"`          // elements of the array of inputs
	Lengths  []Length `json:"lengths,omitempty"` // of the inputs whose bytes cost something
	Steps    *uint64  `json:"steps,omitempty"`   // of an event; nil: lengths are unknown, and there is no budget
}

// A Length is how long the value of an input can be, in bytes.
type Length struct {
	Input  uint64 `json:"input"`
	Length uint64 `json:"length"`
}

// The part of a fleet's document that matters here; keys have one spelling.
type fleetDocument struct {
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
		Limits                 struct {
			FileSize, Instances, Criteria, WordsPerInstance, OperandsPerCriterion, ValueLength, ProgramInstructions *uint64
		}
		Budget struct{ Steps, Memory *uint64 }
	}
	Supply []supply
}

type supply struct {
	Type, Feed, Evidence string
	Version              *uint32
	Events               uint64
	Inputs               []struct {
		Name, Type, State string
		MaxLength         *uint64
		Seen              uint64
	}
	Acknowledged []struct {
		Input      uint64
		Why, Until string
	}
}

// keys are those of both documents.
const keys = ` schema name note builds build hosts reader supply evidence access formats operators refusesUnknownVersions limits
 fileSize instances criteria wordsPerInstance operandsPerCriterion valueLength programInstructions budget steps memory type
 version feed events inputs state maxLength seen acknowledged input why until file fleet number sections offset length count
 most words stack operands instructions reads perByte constant contracts refuses memoryBudget stepBudget feeds supplied lengths `

// A Refusal says which claim does not hold, or what cannot be read.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func refuse(format string, args ...any) { panic(&Refusal{fmt.Sprintf(format, args...)}) }

// Check reports whether facts hold: whether each build of the fleet that gets
// the file, and checks nothing, reads only inside the file and inside the
// inputs that it was given, and keeps its budgets. The error, if any, is a
// [*Refusal]. Nothing of the facts is believed but the name and the inputs of
// the type.
func Check(file, fleet, facts []byte) (err error) {
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case *Refusal:
			err = fault
		default:
			panic(fault)
		}
	}()
	var claims Facts
	var builds fleetDocument
	decode("facts", facts, &claims, &claims.Schema, Schema)
	decode("fleet", fleet, &builds, &builds.Schema, "cfcheck.fleet/v0")
	for _, d := range []struct{ name, claimed, is string }{{"file", claims.File, digest(file)}, {"fleet", claims.Fleet, digest(fleet)}} {
		if d.claimed != d.is {
			refuse("facts.%s: the facts are about another %s, of SHA-256 %.64q; this one has %s", d.name, d.name, d.claimed, d.is)
		}
	}
	c := &checker{file: file, claims: &claims}
	c.header()
	c.instances()
	c.programs()
	c.criteria()
	c.values()
	c.compare()
	c.fleet(builds.Builds)
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// decode reads a document. Package encoding/json takes a key in any case, the
// last of two, null for anything and broken text; a contract must not be read in
// two ways.
func decode(name string, data []byte, v any, schema *string, want string) {
	if len(data) > 16<<20 || !utf8.Valid(data) {
		refuse("%s: found %d bytes; expected UTF-8 of at most 16 MiB", name, len(data))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		refuse("%s: %v", name, err)
	}
	if _, err := d.Token(); err != io.EOF || *schema != want {
		refuse("%s: expected one document of schema %q, and nothing behind it", name, want)
	}
	type level struct {
		seen map[string]bool // keys; nil in an array
		key  bool            // a key comes next
	}
	open := []level{{}}
	for d = json.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		top := &open[len(open)-1]
		text, isText := token.(string)
		if token == nil || strings.Contains(text, "\uFFFD") {
			refuse("%s: found null, or a text with U+FFFD, before offset %d; expected neither", name, d.InputOffset())
		}
		if top.key && isText {
			if top.seen[text] || !strings.Contains(keys, " "+text+" ") && !strings.Contains(keys, " "+text+"\n") {
				refuse("%s: found the key %.40q twice, or in another spelling, before offset %d", name, text, d.InputOffset())
			}
			top.seen[text], top.key = true, false
			continue
		}
		top.key = top.seen != nil
		switch token {
		case json.Delim('{'):
			open = append(open, level{map[string]bool{}, true})
		case json.Delim('['):
			open = append(open, level{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}

// The sections by type, without the highest bit of the ancillary ones; these
// come from 16 on here.
const (
	instances = 1 + iota
	conditions
	criteria
	operands
	values
	pool
	programs
	sources
	instructions
	classes
	ranges
)

// sizes are those of the entries of the sections, in the order of the types;
// the last four are ancillary.
var sizes = []uint64{24, 4, 12, 4, 8, 1, 16, 1, 8, 8, 8, 24, 8, 8, 1}

// What the format bounds, and readers rely on: FORMAT.md, section 10.
const (
	maxInputs, maxWords, maxStack, maxNesting, maxOperands = 1024, 4096, 1024, 16, 65_536
	maxValue, maxSource, maxInstructions, maxRanges        = 65_535, 16_384, 8192, 4096
)

// operators are those of FORMAT.md, section 5: name, flags, bytes of an operand
// (0: any number) and the types of input that they read.
var operators = []struct {
	name  string
	flags uint32
	bytes uint64
	types string
}{
	{}, {"exists", 0, 0, "string integer address"}, {"equals", 7, 0, "string"}, {"prefix", 7, 0, "string"},
	{"suffix", 7, 0, "string"}, {"contains", 3, 0, "string"}, {"pattern", 3, 0, "string"}, {"regexp", 2, 0, "string"},
	{"integer equals", 6, 8, "string integer"}, {"integer range", 2, 16, "string integer"}, {"address range", 2, 32, "string address"},
}

const (
	flagInputs = 4
	exists     = 1
	equals     = 2
	suffix     = 4
	pattern    = 6
	regexp     = 7
	integer    = 8
	address    = 10
)

// A checker reads a file, and finds out what is true of it.
type checker struct {
	file     []byte
	claims   *Facts
	sections [ranges + 1][]byte
	counts   [ranges + 1]uint64

	most     Most
	has      [len("0123456789A")]bool // operators
	reads    [maxInputs]bool
	perByte  [maxInputs]uint64
	constant uint64
	charges  []uint64 // of a program, at each place of a value
}

func u16(b []byte, at uint64) uint32 { return uint32(binary.LittleEndian.Uint16(b[at:])) }
func u32(b []byte, at uint64) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }

// entry returns an entry of a section, which is there.
func (c *checker) entry(section int, i uint64) []byte {
	size := sizes[section-1]
	return c.sections[section][i*size:][:size]
}

// span returns the end of what starts where the one before ended, and is inside
// of all.
func span(what string, i, before, first, count, most, all uint64) (end uint64) {
	if first != before || count > most || count > all-before {
		refuse("file: %s %d: found %d from %d on; expected at most %d from %d on, of %d", what, i, count, first, most, before, all)
	}
	return before + count
}

func (c *checker) header() {
	t, claimed := &c.claims.Type, c.claims.Sections
	if len(c.file) < 80 || string(c.file[:12]) != "\x89CFC\r\n\x1a\n\x00\x00\x01\x00" || u32(c.file, 0x28) != uint64(len(c.file)) || len(c.file) > 1<<30 {
		refuse("file: found %d bytes; expected a whole channel file of format 0.1", len(c.file))
	}
	declared, n := u16(c.file, 0x1C), u32(c.file, 0x2C)
	if t.Number != uint32(u32(c.file, 0x14)) || t.Version != uint32(u32(c.file, 0x18)) || len(t.Inputs) != int(declared) || declared > maxInputs {
		refuse("facts.type: found type %d version %d with %d inputs; the file is for type %d version %d with %d",
			t.Number, t.Version, len(t.Inputs), u32(c.file, 0x14), u32(c.file, 0x18), declared)
	}
	if first := 80 + 48*n; n != 6 && n != 10 && n != 11 && n != 15 || uint64(len(c.file)) < first || len(claimed) != int(n) {
		refuse("file: found %d sections in %d bytes, and %d in the facts; expected 6, 10, 11 or 15, and as many", n, len(c.file), len(claimed))
	}
	for i := range n {
		record, k := c.file[48+48*i:], i+1
		if k > pool && n <= 10 {
			k += ranges - pool // there are no programs
		}
		typ := k
		if k > ranges {
			typ = 1<<31 | (k - ranges)
		}
		s := Section{u32(record, 0), u32(record, 4), u32(record, 8), u32(record, 12)}
		if s.Type != typ || s.Offset%8 != 0 || s.Offset < 80+48*n || s.Length > uint64(len(c.file)) ||
			s.Offset > uint64(len(c.file))-s.Length || s.Length != s.Count*sizes[k-1] || s != claimed[i] {
			refuse("file: section %d: found %+v; expected type 0x%x inside of %d bytes, with whole entries, and the facts say %+v", i, s, typ, len(c.file), claimed[i])
		}
		if k <= ranges {
			c.sections[k], c.counts[k] = c.file[s.Offset:][:s.Length], s.Count
		}
	}
}

func (c *checker) instances() {
	var end uint64
	var nesting []byte // of each truth on the stack
	for i := range c.counts[instances] {
		in := c.entry(instances, i)
		first := end
		end = span("words of instance", i, end, u32(in, 16), u32(in, 20), maxWords, c.counts[conditions])
		c.most.Words = max(c.most.Words, end-first)
		nesting = nesting[:0]
		for k := first; k < end; k++ {
			word, deep := u32(c.entry(conditions, k), 0), byte(0)
			if word>>31 == 0 {
				if word>>1 >= c.counts[criteria] {
					refuse("file: word %d: found criterion %d of %d", k, word>>1, c.counts[criteria])
				}
			} else {
				n := word & (1<<30 - 1)
				if n < 2 || n > uint64(len(nesting)) {
					refuse("file: word %d: found an and, or an or, of %d truths, with %d on the stack; expected at least 2 and no more than there are", k, n, len(nesting))
				}
				deep = 1 + slices.Max(nesting[uint64(len(nesting))-n:])
				nesting = nesting[:uint64(len(nesting))-n]
			}
			nesting = append(nesting, deep)
			c.most.Stack = max(c.most.Stack, uint64(len(nesting)))
			if len(nesting) > maxStack || deep > maxNesting {
				refuse("file: word %d: found %d truths on the stack, nested %d deep; expected at most %d and %d", k, len(nesting), deep, maxStack, maxNesting)
			}
		}
		if len(nesting) == 0 {
			refuse("file: instance %d has no words", i)
		}
	}
	if end != c.counts[conditions] {
		refuse("file: %d words belong to no instance", c.counts[conditions]-end)
	}
	c.constant = c.counts[instances] + c.counts[conditions]
}
