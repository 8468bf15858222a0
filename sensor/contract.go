package sensor

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// A Contract is what one sensor build does: how it reads, and what it hands
// over. Nothing in it is taken from a definition.
type Contract struct {
	Build    string
	Hosts    uint64 // that run the build; at least 1, at most MaxInteger
	Note     string
	Reader   Reader
	Supplies []Supply
}

// A Reader is how a build reads channel files.
type Reader struct {
	Evidence               Evidence
	Access                 Access
	Formats                []string // versions of the format that it reads, such as "1.0"
	Operators              []channelfile.Operator
	RefusesUnknownVersions bool // it loads no file of a type version that it does not have, and goes on
	Limits                 Limits
	Budget                 Budget
}

// Limits are the hard limits of a reader. What exceeds one it does not load,
// or does worse. Zero: none is stated.
type Limits struct {
	FileSize             uint64 // bytes
	Instances            uint64
	Criteria             uint64 // distinct ones
	WordsPerInstance     uint64
	OperandsPerCriterion uint64
	ValueLength          uint64 // bytes
	ProgramInstructions  uint64
}

// A Budget is what a reader may spend on one event. Zero: none is stated.
type Budget struct {
	Steps  uint64 // as FORMAT.md, section 9, charges them
	Memory uint64 // bytes, likewise
}

// A Supply is what a build hands to its interpreter for one version of a
// template type, from one feed of events.
type Supply struct {
	Type         string // name of the template type
	Version      uint32
	Feed         string // where the events come from; "" if the build has one feed alone
	Evidence     Evidence
	Events       uint64          // that were observed; 0 if none were
	Inputs       []SuppliedInput // for a positional reader in the order of its array
	Acknowledged []Shortfall
}

// A SuppliedInput is one input of a supply.
type SuppliedInput struct {
	Name      string
	Type      InputType
	State     State
	MaxLength int    // of a string, in bytes; 0: unknown
	Seen      uint64 // in how many of the observed events of the supply
}

// A Shortfall is an input that a positional reader is known not to be given,
// and that its owners accept for a while. It allows content that does not read
// the input, and no other.
type Shortfall struct {
	Input int // index
	Why   string
	Until Date // the last day on which it holds
}

// SuppliesOf returns the supplies that c has for a version of a template type,
// with their indices: one a feed.
func (c *Contract) SuppliesOf(typ string, version uint32) iter.Seq2[int, *Supply] {
	return func(yield func(int, *Supply) bool) {
		for i := range c.Supplies {
			if s := &c.Supplies[i]; s.Type == typ && s.Version == version && !yield(i, s) {
				return
			}
		}
	}
}

// Input returns what a reader finds when it asks s for the input that a
// definition has at an index under a name. A positional reader goes by the
// index and ignores the name; a named one goes by the name. What s does not
// list is not supplied.
func (s *Supply) Input(access Access, index int, name string) SuppliedInput {
	if access == Named {
		for index = range s.Inputs { // IndexFunc would copy each
			if s.Inputs[index].Name == name {
				return s.Inputs[index]
			}
		}
		index = -1
	}
	if index < 0 || index >= len(s.Inputs) {
		return SuppliedInput{Name: name, State: NotSupplied}
	}
	return s.Inputs[index]
}

// Acknowledges returns the shortfall by which s acknowledges that an input is
// not supplied, nil if it does not. It is for the caller to see whether the
// shortfall still holds.
func (s *Supply) Acknowledges(index int) *Shortfall {
	i := slices.IndexFunc(s.Acknowledged, func(a Shortfall) bool { return a.Input == index })
	if i < 0 {
		return nil
	}
	return &s.Acknowledged[i]
}

// Holds reports whether the shortfall is still acknowledged at a time.
func (a *Shortfall) Holds(now time.Time) bool { return !a.Until.Before(now) }

// A Fleet is all builds that may be given a file.
type Fleet struct {
	Name      string
	Note      string
	Builtin   bool // an example that comes with cfcheck, not anyone's fleet
	Contracts []Contract
	Digest    [32]byte // SHA-256 of the document that was read; of a built-in fleet, that of its JSON
}

// Hosts returns the number of hosts of all builds.
func (f *Fleet) Hosts() uint64 {
	var sum uint64
	for _, c := range f.Contracts {
		sum = addSat(sum, c.Hosts)
	}
	return sum
}

// Groups are the contracts of a fleet by what they do. Whoever judges many files
// for one fleet keeps them.
type Groups struct {
	fleet   *Fleet
	members [][]int
}

// Groups returns the groups of f, nil if it is nil. They hold as long as its
// contracts are not changed.
func (f *Fleet) Groups() *Groups {
	if f == nil {
		return nil
	}
	return &Groups{f, f.Distinct()}
}

// Of returns the groups as [Fleet.Distinct] does if they are those of f, or nil.
func (g *Groups) Of(f *Fleet) [][]int {
	if g == nil || g.fleet != f {
		return nil
	}
	return g.members
}

// Distinct groups the contracts that differ in build, hosts and note alone: what
// holds of one of a group holds of all. It returns their indices, the groups
// in the order of their first members. It looks at the contracts as they are
// when it is called: of 500 builds that takes less than reading a small file.
func (f *Fleet) Distinct() [][]int {
	var groups [][]int
	group := make(map[string]int)
	var terms []byte
	for i := range f.Contracts {
		terms = f.Contracts[i].appendTerms(terms[:0])
		g, ok := group[string(terms)]
		if !ok {
			g = len(groups)
			group[string(terms)] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// appendTerms appends all of a contract but build, hosts and note. Two contracts that
// do the same append the same, and others do not: what may have any length
// comes after its length.
func (c *Contract) appendTerms(b []byte) []byte {
	number := func(n uint64) { b = binary.AppendUvarint(b, n) }
	text := func(s string) {
		number(uint64(len(s)))
		b = append(b, s...)
	}
	r := &c.Reader
	b = append(b, byte(r.Evidence), byte(r.Access))
	number(uint64(len(r.Formats)))
	for _, s := range r.Formats {
		text(s)
	}
	number(uint64(len(r.Operators)))
	for _, op := range r.Operators {
		b = append(b, byte(op))
	}
	refuses := byte(0)
	if r.RefusesUnknownVersions {
		refuses = 1
	}
	b = append(b, refuses)
	for _, n := range []uint64{
		r.Limits.FileSize, r.Limits.Instances, r.Limits.Criteria, r.Limits.WordsPerInstance, r.Limits.OperandsPerCriterion, r.Limits.ValueLength,
		r.Limits.ProgramInstructions, r.Budget.Steps, r.Budget.Memory,
	} {
		number(n)
	}
	number(uint64(len(c.Supplies)))
	for i := range c.Supplies {
		s := &c.Supplies[i]
		text(s.Type)
		number(uint64(s.Version))
		text(s.Feed)
		b = append(b, byte(s.Evidence))
		number(s.Events)
		number(uint64(len(s.Inputs)))
		for k := range s.Inputs {
			in := &s.Inputs[k]
			text(in.Name)
			b = append(b, byte(in.Type), byte(in.State))
			number(uint64(in.MaxLength))
			number(in.Seen)
		}
		number(uint64(len(s.Acknowledged)))
		for _, a := range s.Acknowledged {
			number(uint64(a.Input))
			text(a.Why)
			number(uint64(a.Until.Year))
			number(uint64(a.Until.Month))
			number(uint64(a.Until.Day))
		}
	}
	return b
}

// ReadFleet reads a document with the contracts of a fleet. Its error, if any,
// is a [*JSONError]; name is that of the file, for errors only.
func ReadFleet(name string, data []byte) (*Fleet, error) {
	f := &Fleet{}
	err := readJSON(name, data, func(r *reader) { r.fleet(f) })
	if err != nil {
		return nil, err
	}
	f.Digest = sha256.Sum256(data)
	return f, nil
}

var (
	fleetKeys = strictjson.Keys{
		Required: []string{"schema", "name", "builds"},
		Optional: []string{"note"},
	}
	contractKeys = strictjson.Keys{
		Required: []string{"build", "hosts", "reader", "supply"},
		Optional: []string{"note"},
	}
	readerKeys = strictjson.Keys{
		Required: []string{"evidence", "access", "formats", "operators"},
		Optional: []string{"refusesUnknownVersions", "limits", "budget"},
	}
	limitsKeys = strictjson.Keys{
		Optional: []string{"fileSize", "instances", "criteria", "wordsPerInstance", "operandsPerCriterion", "valueLength", "programInstructions"},
	}
	budgetKeys = strictjson.Keys{
		Optional: []string{"steps", "memory"},
	}
	supplyKeys = strictjson.Keys{
		Required: []string{"type", "version", "evidence", "inputs"},
		Optional: []string{"feed", "events", "acknowledged"},
	}
	suppliedInputKeys = strictjson.Keys{
		Required: []string{"name", "type"},
		Optional: []string{"state", "maxLength", "seen"},
	}
	shortfallKeys = strictjson.Keys{
		Required: []string{"input", "why", "until"},
	}
)

func (r *reader) fleet(f *Fleet) {
	for key := range r.Object(fleetKeys) {
		switch key {
		case "schema":
			r.Enum(FleetSchema)
		case "name":
			f.Name = r.name()
		case "note":
			f.Note = r.note()
		case "builds":
			seen := map[string]int{}
			for i := range r.Array() {
				f.Contracts = append(f.Contracts, r.contract(seen, i))
			}
			if len(f.Contracts) == 0 {
				r.Failf("found an empty array; expected at least one build, or nothing is checked")
			}
		}
	}
}

func (r *reader) contract(seen map[string]int, index int) Contract {
	var c Contract
	var acknowledged [][]int // for each supply, where its shortfalls stand
	for key := range r.Object(contractKeys) {
		switch key {
		case "build":
			c.Build = r.name()
			r.unique(seen, c.Build, "builds", c.Build, index)
		case "hosts":
			c.Hosts = r.Uint(1, MaxInteger)
		case "note":
			c.Note = r.note()
		case "reader":
			c.Reader = r.contractReader()
		case "supply":
			c.Supplies, acknowledged = r.supplies()
		}
	}
	// Whether a shortfall is one depends on all of the contract, whose keys come
	// in any order.
	for i := range c.Supplies {
		for j, at := range acknowledged[i] {
			if problem := c.shortfallProblem(i, j); problem != "" {
				r.FailAt(at, fmt.Sprintf("supply[%d].acknowledged[%d].input", i, j), "%s", problem)
			}
		}
	}
	return c
}

// shortfallProblem says why an acknowledgement is none, "" if it is one.
func (c *Contract) shortfallProblem(supply, acknowledged int) string {
	s := &c.Supplies[supply]
	index := s.Acknowledged[acknowledged].Input
	first := slices.IndexFunc(s.Acknowledged, func(a Shortfall) bool { return a.Input == index })
	switch in := s.Input(c.Reader.Access, index, ""); {
	case first < acknowledged:
		return fmt.Sprintf("%s is acknowledged twice; acknowledged[%d] has it already", inputNumber(index), first)
	case c.Reader.Access != Positional:
		return "found an acknowledgement for a reader that is not positional; expected none, for a missing input breaks nothing there"
	case in.State == Supplied:
		return fmt.Sprintf("found %s, %s, which is supplied; expected an input that is not", inputNumber(index), strictjson.Quote(in.Name))
	case in.State == Unknown:
		return fmt.Sprintf("found %s, %s, of which it is unknown whether it is supplied; expected an input that is known not to be",
			inputNumber(index), strictjson.Quote(in.Name))
	}
	return ""
}

// isFormat reports whether s is a version of a format as contracts and needs
// write it: two numbers of up to five digits with a point between them.
func isFormat(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	return ok && isSmallNumber(major) && isSmallNumber(minor)
}

func isSmallNumber(s string) bool {
	return 0 < len(s) && len(s) <= 5 && strings.Trim(s, "0123456789") == "" && (s == "0" || s[0] != '0')
}

func (r *reader) format() string {
	s := r.String()
	if !isFormat(s) {
		r.Failf("found the string %s; expected major and minor version of a format, such as \"1.0\"", strictjson.Quote(s))
	}
	return s
}

// maxFormats is far more than the versions that any reader has code for.
const maxFormats = 64

func (r *reader) contractReader() Reader {
	var v Reader
	for key := range r.Object(readerKeys) {
		switch key {
		case "evidence":
			v.Evidence = r.evidence()
		case "access":
			v.Access = r.access()
		case "formats":
			for i := range r.Array() {
				if i == maxFormats {
					r.tooMany("versions", maxFormats)
					break
				}
				s := r.format()
				if slices.Contains(v.Formats, s) {
					r.Failf("found the version %q twice; expected it once", s)
				}
				v.Formats = append(v.Formats, s)
			}
			if len(v.Formats) == 0 {
				r.Failf("found an empty array; expected at least one version of the format, such as \"1.0\"")
			}
		case "operators":
			for range r.Array() {
				op := r.operator()
				if slices.Contains(v.Operators, op) {
					r.Failf("found the operator %q twice; expected it once", op)
				}
				v.Operators = append(v.Operators, op)
			}
			if len(v.Operators) == 0 {
				r.Failf("found an empty array; expected at least one operator")
			}
		case "refusesUnknownVersions":
			v.RefusesUnknownVersions = r.Bool()
		case "limits":
			v.Limits = r.limits()
		case "budget":
			for key := range r.Object(budgetKeys) {
				switch key {
				case "steps":
					v.Budget.Steps = r.limit()
				case "memory":
					v.Budget.Memory = r.limit()
				}
			}
		}
	}
	return v
}

// limit reads a limit that is stated. Zero would mean that none is.
func (r *reader) limit() uint64 { return r.Uint(1, MaxInteger) }

func (r *reader) limits() Limits {
	var l Limits
	for key := range r.Object(limitsKeys) {
		switch key {
		case "fileSize":
			l.FileSize = r.limit()
		case "instances":
			l.Instances = r.limit()
		case "criteria":
			l.Criteria = r.limit()
		case "wordsPerInstance":
			l.WordsPerInstance = r.limit()
		case "operandsPerCriterion":
			l.OperandsPerCriterion = r.limit()
		case "valueLength":
			l.ValueLength = r.limit()
		case "programInstructions":
			l.ProgramInstructions = r.limit()
		}
	}
	return l
}

// operators are those that a contract can name, the reserved one too: a reader
// may have it before the format lets it occur.
var (
	operators     = allOperators()
	operatorNames = func() []string {
		var names []string
		for _, op := range operators {
			names = append(names, op.String())
		}
		return names
	}()
)

func allOperators() []channelfile.Operator {
	ops := append(channelfile.Operators(), channelfile.OpRegexp)
	slices.Sort(ops)
	return slices.Compact(ops)
}

func (r *reader) operator() channelfile.Operator { return operators[r.Enum(operatorNames...)] }

// supplies also returns where the shortfalls of each supply stand.
func (r *reader) supplies() (supplies []Supply, acknowledged [][]int) {
	type id struct {
		typ     string
		version uint32
		feed    string
	}
	seen := map[id]int{}
	for i := range r.Array() {
		at := r.Next()
		s, shortfalls := r.supply()
		supplies = append(supplies, s)
		acknowledged = append(acknowledged, shortfalls)
		key := id{s.Type, s.Version, s.Feed}
		if first, ok := seen[key]; ok {
			r.FailAt(at, "", "version %d of type %s is supplied twice from the feed %s; supply[%d] has it already",
				s.Version, strictjson.Quote(s.Type), strictjson.Quote(s.Feed), first)
		}
		seen[key] = i
	}
	return supplies, acknowledged
}

func (r *reader) supply() (s Supply, shortfalls []int) {
	for key := range r.Object(supplyKeys) {
		switch key {
		case "type":
			s.Type = r.name()
		case "version":
			s.Version = uint32(r.Uint(0, channelfile.MaxNumber))
		case "feed":
			s.Feed = r.name()
		case "evidence":
			s.Evidence = r.evidence()
		case "events":
			s.Events = r.limit()
		case "inputs":
			seen := map[string]int{}
			for i := range r.Array() {
				if i == channelfile.MaxInputs {
					r.tooMany("inputs", channelfile.MaxInputs)
					break
				}
				s.Inputs = append(s.Inputs, r.suppliedInput(seen, i))
			}
		case "acknowledged":
			for i := range r.Array() {
				if i == channelfile.MaxInputs {
					r.tooMany("shortfalls", channelfile.MaxInputs)
					break
				}
				a, at := r.shortfall()
				s.Acknowledged = append(s.Acknowledged, a)
				shortfalls = append(shortfalls, at)
			}
		}
	}
	return s, shortfalls
}

func (r *reader) suppliedInput(seen map[string]int, index int) SuppliedInput {
	in := SuppliedInput{State: Supplied}
	at := r.Next()
	for key := range r.Object(suppliedInputKeys) {
		switch key {
		case "name":
			in.Name = r.name()
			r.unique(seen, in.Name, "inputs", in.Name, index)
		case "type":
			in.Type = r.inputType()
		case "state":
			in.State = r.state()
		case "maxLength":
			in.MaxLength = r.int(1, MaxLength)
		case "seen":
			in.Seen = r.limit()
		}
	}
	if in.MaxLength != 0 && in.Type != String {
		r.FailAt(at, "maxLength", "found a length for an input of type %s; expected one for strings alone", in.Type)
	}
	return in
}

// shortfall also returns where the number of the input stands.
func (r *reader) shortfall() (a Shortfall, at int) {
	for key := range r.Object(shortfallKeys) {
		switch key {
		case "input":
			at = r.Next()
			a.Input = r.int(0, channelfile.MaxInputs-1)
		case "why":
			a.Why = r.reason()
		case "until":
			a.Until = r.date()
		}
	}
	return a, at
}

// JSON returns the fleet as a document that [ReadFleet] reads. The same fleet
// gives the same bytes. Builtin and Digest are no part of it.
func (f *Fleet) JSON() ([]byte, error) {
	return writeJSON("fleet "+strictjson.Quote(f.Name), func(w *writer) {
		w.Object(func() {
			w.string("schema", FleetSchema)
			w.string("name", f.Name)
			w.optionalString("note", f.Note)
			w.Key("builds")
			w.Array(func() {
				for i := range f.Contracts {
					w.Object(func() {
						w.string("build", f.Contracts[i].Build)
						w.uint("hosts", f.Contracts[i].Hosts)
						w.optionalString("note", f.Contracts[i].Note)
						w.Key("reader")
						w.contractReader(&f.Contracts[i].Reader)
						w.Key("supply")
						w.supplies(f.Contracts[i].Supplies)
					})
				}
			})
		})
	}, func(name string, data []byte) error {
		_, err := ReadFleet(name, data)
		return err
	})
}

func (w *writer) contractReader(r *Reader) {
	w.Object(func() {
		w.string("evidence", r.Evidence.String())
		w.string("access", r.Access.String())
		w.Key("formats")
		w.InlineArray(func() {
			for _, s := range r.Formats {
				w.String(s)
			}
		})
		w.Key("operators")
		w.InlineArray(func() {
			for _, op := range r.Operators {
				w.String(op.String())
			}
		})
		w.Key("refusesUnknownVersions")
		w.Bool(r.RefusesUnknownVersions)
		if r.Limits != (Limits{}) {
			w.Key("limits")
			w.Object(func() {
				w.optionalUint("fileSize", r.Limits.FileSize)
				w.optionalUint("instances", r.Limits.Instances)
				w.optionalUint("criteria", r.Limits.Criteria)
				w.optionalUint("wordsPerInstance", r.Limits.WordsPerInstance)
				w.optionalUint("operandsPerCriterion", r.Limits.OperandsPerCriterion)
				w.optionalUint("valueLength", r.Limits.ValueLength)
				w.optionalUint("programInstructions", r.Limits.ProgramInstructions)
			})
		}
		if r.Budget != (Budget{}) {
			w.Key("budget")
			w.Object(func() {
				w.optionalUint("steps", r.Budget.Steps)
				w.optionalUint("memory", r.Budget.Memory)
			})
		}
	})
}

func (w *writer) supplies(supplies []Supply) {
	w.Array(func() {
		for _, s := range supplies {
			w.Object(func() {
				w.string("type", s.Type)
				w.uint("version", uint64(s.Version))
				w.optionalString("feed", s.Feed)
				w.string("evidence", s.Evidence.String())
				w.optionalUint("events", s.Events)
				w.Key("inputs")
				w.Array(func() {
					for _, in := range s.Inputs {
						w.suppliedInput(in)
					}
				})
				if len(s.Acknowledged) > 0 {
					w.Key("acknowledged")
					w.Array(func() {
						for _, a := range s.Acknowledged {
							w.InlineObject(func() {
								w.int("input", a.Input)
								w.string("why", a.Why)
								w.string("until", a.Until.String())
							})
						}
					})
				}
			})
		}
	})
}

func (w *writer) suppliedInput(in SuppliedInput) {
	w.InlineObject(func() {
		w.string("name", in.Name)
		w.string("type", in.Type.String())
		if in.State != Supplied {
			w.string("state", in.State.String())
		}
		w.optionalInt("maxLength", in.MaxLength)
		w.optionalUint("seen", in.Seen)
	})
}

// addSat stops at the largest number instead of wrapping: a number that cannot
// be told is too high, never low.
func addSat(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }
