package sensor

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// A Contract describes one sensor build: how it reads files, and which inputs it supplies. It
// takes nothing from a definition.
type Contract struct {
	Build    string
	Hosts    uint64 // number of hosts that run the build, 1 to MaxInteger
	Note     string
	Sources  []Source        // documents that support the statements below
	Sensors  []SensorVersion // programs of other makers that run on the hosts
	Reader   Reader
	Declares []Declaration // template types, inputs and feeds that no definition has
	Lacks    []Lack        // template types that the build is known not to have
	Supplies []Supply
}

// A Reader describes how a build reads channel files.
type Reader struct {
	Evidence  Evidence
	Access    Access
	Formats   []string // versions of the format that the build reads, such as "1.0"
	Operators []channelfile.Operator
	// the build refuses a file of a type version that it does not have, and continues to run
	RefusesUnknownVersions bool
	Limits                 Limits
	Budget                 Budget
}

// Limits are the hard limits of a reader. If a file exceeds a limit, the reader refuses the file
// or fails in a worse way. 0 means that no limit is stated.
type Limits struct {
	FileSize             uint64 // in bytes
	Instances            uint64
	Criteria             uint64 // number of distinct criteria
	WordsPerInstance     uint64
	OperandsPerCriterion uint64
	ValueLength          uint64 // in bytes
	ProgramInstructions  uint64
	Revision             uint64 // highest revision that the reader can hold
}

// A Budget is the most that a reader may spend on one event. 0 means that no budget is stated.
type Budget struct {
	Steps  uint64 // as FORMAT.md, section 9, charges them
	Memory uint64 // in bytes, as FORMAT.md, section 9, charges it
}

// A Supply lists the inputs that a build passes to its interpreter for one version of a template
// type, from one feed of events.
type Supply struct {
	Type         string // name of the template type
	Version      uint32
	Feed         string // name of the feed; "" means that the build has only one feed for the type
	Evidence     Evidence
	Place        Place           // source of the statement
	Collected    Collection      // whether hosts record the events
	Filters      Filters         // which of the events Sysmon records; zero means not stated
	Events       uint64          // number of observed events; 0 means that no events were observed
	Inputs       []SuppliedInput // for a positional reader, in the order of its array
	Acknowledged []Shortfall
}

// A SuppliedInput is one input of a supply.
//
// CutAt is independent of the state: a build may cut a supplied, a conditional or an unknown
// input. An input that is not supplied has no value to cut. The values of a constant input are the
// values that the reader gets, after any cut.
type SuppliedInput struct {
	Name      string
	Type      InputType
	State     State
	MaxLength int // longest value of a string, in bytes; 0 means unknown
	// length in bytes to which the build cuts a string; 0 means that no cut is known
	CutAt int
	// whether the build may hand over values in another form than the source writes, or leave out
	// a placeholder; the form of the field in the definition then does not count
	OtherForm bool
	// algorithms of the hashes that a list such as "MD5=...,SHA256=..." can have, in any case; nil
	// means that nothing is stated
	Hashes []string
	Seen   uint64 // number of observed events of the supply that had the input
	// for a conditional input, the number of events in a million that have it; 0 means unknown
	PerMillion uint32
	// all values that a constant input can have: integers in decimal, addresses as netip.Addr
	// prints them
	Values []string
	Basis  *Basis // nil means that the statement rests on the evidence of the supply
}

// Longest returns the length in bytes of the longest value of the input. It returns false if
// the contract does not bound the length. The type alone bounds integers and addresses;
// MaxLength and CutAt bound a string, and so do the values of a constant string. An input that
// is not supplied has length 0.
func (in *SuppliedInput) Longest() (length int, ok bool) {
	switch {
	case in.State == StateNotSupplied:
		return 0, true
	case in.Type == TypeInteger:
		return 8, true
	case in.Type == TypeAddress:
		return 16, true
	case in.State == StateConstant && len(in.Values) > 0:
		for _, text := range in.Values {
			length = max(length, len(text))
		}
		return length, true
	}
	length = in.Room()
	return length, length > 0
}

// Room returns the length in bytes of the longest string that the build has room for, whatever the
// state of the input. It is the smaller of MaxLength and CutAt. 0 means any length.
func (in *SuppliedInput) Room() int {
	if in.CutAt > 0 && (in.MaxLength == 0 || in.CutAt < in.MaxLength) {
		return in.CutAt
	}
	return in.MaxLength
}

// A Shortfall acknowledges that a positional reader does not get an input, and that the owners of
// the fleet accept this until a date. It allows only content that does not read the input.
type Shortfall struct {
	Input int // index of the input
	Why   string
	Until Date // last day on which the acknowledgement holds
}

// SuppliesOf returns the supplies of c for a version of a template type, one for each feed, with
// their indices.
func (c *Contract) SuppliesOf(typ string, version uint32) iter.Seq2[int, *Supply] {
	return func(yield func(int, *Supply) bool) {
		for i := range c.Supplies {
			if s := &c.Supplies[i]; s.Type == typ && s.Version == version && !yield(i, s) {
				return
			}
		}
	}
}

// Input returns the input that a reader finds in s when content asks for the given index or name
// of a definition. A positional reader uses the index and ignores the name. A named reader uses
// the name. An input that s does not list is not supplied.
func (s *Supply) Input(access Access, index int, name string) SuppliedInput {
	if in := s.Listed(access, index, name); in != nil {
		return *in
	}
	return SuppliedInput{Name: name, State: StateNotSupplied}
}

// Listed is like Input but does not copy. It returns nil for an input that s does not list.
func (s *Supply) Listed(access Access, index int, name string) *SuppliedInput {
	if access == AccessNamed {
		// Most contracts list the inputs in the order of the definition.
		if 0 <= index && index < len(s.Inputs) && s.Inputs[index].Name == name {
			return &s.Inputs[index]
		}
		for index = range s.Inputs {
			if s.Inputs[index].Name == name {
				return &s.Inputs[index]
			}
		}
		return nil
	}
	if index < 0 || index >= len(s.Inputs) {
		return nil
	}
	return &s.Inputs[index]
}

// Acknowledges returns the shortfall by which s acknowledges that an input is not supplied, or nil
// if s does not acknowledge it. The caller must ask [Shortfall.Holds] whether the shortfall has
// expired.
func (s *Supply) Acknowledges(index int) *Shortfall {
	i := slices.IndexFunc(s.Acknowledged, func(a Shortfall) bool { return a.Input == index })
	if i < 0 {
		return nil
	}
	return &s.Acknowledged[i]
}

// Holds reports whether the acknowledgement holds at the given time.
func (a *Shortfall) Holds(now time.Time) bool { return !a.Until.Before(now) }

// A Fleet lists all builds that may receive a file.
type Fleet struct {
	Name      string
	Note      string
	Builtin   bool // whether the fleet is one of cfcheck's examples
	Contracts []Contract
	Digest    [32]byte  // SHA-256 of the document that was read; for a built-in fleet, of its JSON
	Document  *Document // document that was read; nil means that there was no document
}

// A Document is a text that was read. It is kept so that a later error can point to a line.
type Document struct {
	Name string // file name
	Text []byte // must not be changed
}

// Hosts returns the number of hosts of all builds. A sum beyond 2^64 - 1 is returned as that
// number.
func (f *Fleet) Hosts() uint64 {
	var sum uint64
	for _, c := range f.Contracts {
		sum = addSat(sum, c.Hosts)
	}
	return sum
}

// Cohorts holds the contracts of a fleet, grouped by their terms; see [Fleet.Distinct]. A caller
// that judges many files for one fleet computes the cohorts once.
type Cohorts struct {
	fleet     *Fleet
	contracts []Contract // contracts of the fleet at the time of grouping
	members   [][]int
	checked   atomic.Pointer[checked]
}

// Cohorts returns the cohorts of f, or nil if f is nil. They are valid until a contract changes.
func (f *Fleet) Cohorts() *Cohorts {
	if f == nil {
		return nil
	}
	return &Cohorts{fleet: f, contracts: f.Contracts, members: f.Distinct()}
}

// Of returns the cohorts, as [Fleet.Distinct] returns them, if they belong to f. It returns nil if
// g belongs to another fleet, or if contracts were added or removed after grouping. It does not
// notice a contract that was changed in place.
func (g *Cohorts) Of(f *Fleet) [][]int {
	if g == nil || f == nil || g.fleet != f || len(g.contracts) != len(f.Contracts) {
		return nil
	}
	if len(f.Contracts) > 0 && &g.contracts[0] != &f.Contracts[0] {
		return nil
	}
	return g.members
}

// Distinct groups the contracts that differ only in build, hosts and note. A statement that holds
// for one contract of a cohort holds for all of them. Distinct returns the indices of the
// contracts, with the cohorts in the order of their first members. It reads the contracts at each
// call; for 500 builds this takes less time than reading a small file.
func (f *Fleet) Distinct() [][]int {
	var cohorts [][]int
	cohort := make(map[string]int)
	inputs := 0
	for i := range f.Contracts {
		n := 0
		for k := range f.Contracts[i].Supplies {
			n += len(f.Contracts[i].Supplies[k].Inputs)
		}
		inputs = max(inputs, n)
	}
	terms := make([]byte, 0, 1024+32*inputs) // the terms of most contracts take less
	for i := range f.Contracts {
		terms = f.Contracts[i].appendTerms(terms[:0])
		g, ok := cohort[string(terms)]
		if !ok {
			g = len(cohorts)
			cohort[string(terms)] = g
			cohorts = append(cohorts, nil)
		}
		cohorts[g] = append(cohorts[g], i)
	}
	return cohorts
}

// Equal reports whether two readers read in the same way and rest on the same evidence.
func (v *Reader) Equal(other *Reader) bool {
	return bytes.Equal((&Contract{Reader: *v}).appendTerms(nil), (&Contract{Reader: *other}).appendTerms(nil))
}

// appendTerms appends all of a contract except build, hosts and note. Two contracts append the
// same bytes if and only if they have the same terms, because each part of variable length follows
// its length.
func (c *Contract) appendTerms(b []byte) []byte {
	number := func(n uint64) { b = binary.AppendUvarint(b, n) }
	text := func(s string) {
		number(uint64(len(s)))
		b = append(b, s...)
	}
	truth := func(t bool) {
		if t {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	place := func(p *Place) {
		text(p.Source)
		number(uint64(p.Line))
	}
	basis := func(s *Basis) {
		b = append(b, byte(s.Evidence))
		text(s.Reason)
		text(s.Since)
		place(&s.Place)
	}
	number(uint64(len(c.Sources)))
	for i := range c.Sources {
		s := &c.Sources[i]
		text(s.Name)
		text(s.Path)
		text(s.Sensor)
		text(s.Version)
		text(s.SHA256)
	}
	number(uint64(len(c.Sensors)))
	for i := range c.Sensors {
		text(c.Sensors[i].Name)
		text(c.Sensors[i].Version)
	}
	number(uint64(len(c.Declares)))
	for i := range c.Declares {
		d := &c.Declares[i]
		text(d.Type)
		number(uint64(d.Version))
		number(uint64(len(d.Inputs)))
		for _, in := range d.Inputs {
			text(in.Name)
			b = append(b, byte(in.Type))
		}
		number(uint64(len(d.Feeds)))
		for _, feed := range d.Feeds {
			text(feed)
		}
		basis(&d.Basis)
	}
	number(uint64(len(c.Lacks)))
	for i := range c.Lacks {
		l := &c.Lacks[i]
		text(l.Type)
		number(uint64(len(l.Versions)))
		for _, v := range l.Versions {
			number(uint64(v))
		}
		basis(&l.Basis)
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
	truth(r.RefusesUnknownVersions)
	for _, n := range []uint64{
		r.Limits.FileSize, r.Limits.Instances, r.Limits.Criteria, r.Limits.WordsPerInstance, r.Limits.OperandsPerCriterion, r.Limits.ValueLength,
		r.Limits.ProgramInstructions, r.Limits.Revision, r.Budget.Steps, r.Budget.Memory,
	} {
		number(n)
	}
	number(uint64(len(c.Supplies)))
	for i := range c.Supplies {
		s := &c.Supplies[i]
		text(s.Type)
		number(uint64(s.Version))
		text(s.Feed)
		b = append(b, byte(s.Evidence), byte(s.Collected.Events))
		place(&s.Place)
		basis(&s.Collected.Basis)
		number(uint64(len(s.Collected.Off)))
		for _, id := range s.Collected.Off {
			number(uint64(id))
		}
		b = s.Filters.appendTerms(b)
		number(s.Events)
		number(uint64(len(s.Inputs)))
		for k := range s.Inputs {
			in := &s.Inputs[k]
			text(in.Name)
			b = append(b, byte(in.Type), byte(in.State))
			number(uint64(in.MaxLength))
			number(uint64(in.CutAt))
			truth(in.OtherForm)
			number(uint64(len(in.Hashes)))
			for _, name := range in.Hashes {
				text(name)
			}
			number(in.Seen)
			number(uint64(in.PerMillion))
			number(uint64(len(in.Values)))
			for _, v := range in.Values {
				text(v)
			}
			if in.Basis == nil {
				b = append(b, 0)
				continue
			}
			b = append(b, 1)
			basis(in.Basis)
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

// ReadFleet reads a document with the contracts of a fleet, in either version of its schema. If it
// fails, the error is a [*JSONError]. The name of the file appears only in errors. The fleet keeps
// data, which must not be changed.
func ReadFleet(name string, data []byte) (*Fleet, error) {
	f := &Fleet{}
	err := readJSON(name, data, func(r *reader) { r.fleet(f) })
	if err != nil {
		return nil, err
	}
	f.Digest = sha256.Sum256(data)
	f.Document = &Document{name, data}
	return f, nil
}

var (
	fleetKeys = strictjson.Keys{
		Required: []string{"schema", "name", "builds"},
		Optional: []string{"note"},
	}
	contractKeys = strictjson.Keys{
		Required: []string{"build", "hosts", "reader", "supply"},
		Optional: []string{"note", "sources", "sensors", "declares", "lacks"},
	}
	readerKeys = strictjson.Keys{
		Required: []string{"evidence", "access", "formats", "operators"},
		Optional: []string{"refusesUnknownVersions", "limits", "budget"},
	}
	limitsKeys = strictjson.Keys{
		Optional: []string{"fileSize", "instances", "criteria", "wordsPerInstance", "operandsPerCriterion", "valueLength", "programInstructions", "revision"},
	}
	budgetKeys = strictjson.Keys{
		Optional: []string{"steps", "memory"},
	}
	supplyKeys = strictjson.Keys{
		Required: []string{"type", "version", "evidence", "inputs"},
		Optional: append([]string{"feed", "collected", "filters", "events", "acknowledged"}, placeKeys...),
	}
	suppliedInputKeys = strictjson.Keys{
		Required: []string{"name", "type"},
		Optional: append([]string{"state", "maxLength", "cutAt", "otherForm", "hashes", "seen", "perMillion", "values"}, basisKeys...),
	}
	shortfallKeys = strictjson.Keys{
		Required: []string{"input", "why", "until"},
	}
)

func (r *reader) fleet(f *Fleet) {
	version := 0
	for key := range r.Object(fleetKeys) {
		switch key {
		case "schema":
			version = r.Enum(fleetSchemas...)
		case "name":
			f.Name = r.Name()
		case "note":
			f.Note = r.Note()
		case "builds":
			seen := map[string]int{}
			for i := range r.Array() {
				f.Contracts = append(f.Contracts, r.contract(seen, i))
			}
			if len(f.Contracts) == 0 {
				r.Failf("found an empty array; expected at least one build")
			}
		}
	}
	r.refuseNewer(fleetSchemas, version)
}

func (r *reader) contract(seen map[string]int, index int) Contract {
	var c Contract
	var acknowledged [][]int // for each supply, the offsets of its shortfalls
	var lacks []int          // offsets of the lacks
	r.places, r.filtered, r.fields = r.places[:0], r.filtered[:0], r.fields[:0]
	for key := range r.Object(contractKeys) {
		switch key {
		case "build":
			c.Build = r.Name()
			r.Unique(seen, c.Build, "builds", c.Build, index)
		case "hosts":
			c.Hosts = r.Uint(1, MaxInteger)
		case "note":
			c.Note = r.Note()
		case "sources":
			c.Sources = r.sources()
		case "sensors":
			c.Sensors = r.sensors()
		case "reader":
			c.Reader = r.contractReader()
		case "declares":
			c.Declares = r.declares()
		case "lacks":
			c.Lacks, lacks = r.lacks()
		case "supply":
			c.Supplies, acknowledged = r.supplies()
		}
	}
	r.refersToSources(&c)
	r.filterFields(&c)
	for i, at := range lacks {
		if k := c.contradicts(&c.Lacks[i]); k >= 0 {
			r.FailAt(at, fmt.Sprintf("lacks[%d]", i), "the build lacks type %s, but supply[%d] supplies version %d of it; remove one of the two",
				strictjson.Quote(c.Lacks[i].Type), k, c.Supplies[k].Version)
		}
	}
	// A shortfall depends on the whole contract, and the keys of the contract come in any order.
	for i := range c.Supplies {
		for j, at := range acknowledged[i] {
			if problem := c.shortfallProblem(i, j); problem != "" {
				r.FailAt(at, fmt.Sprintf("supply[%d].acknowledged[%d].input", i, j), "%s", problem)
			}
		}
	}
	return c
}

// shortfallProblem returns why an acknowledgement is wrong, or "" if it is right.
func (c *Contract) shortfallProblem(supply, acknowledged int) string {
	s := &c.Supplies[supply]
	index := s.Acknowledged[acknowledged].Input
	first := slices.IndexFunc(s.Acknowledged, func(a Shortfall) bool { return a.Input == index })
	switch in := s.Input(c.Reader.Access, index, ""); {
	case first < acknowledged:
		return fmt.Sprintf("%s is acknowledged twice; acknowledged[%d] has it already", InputNumber(index), first)
	case c.Reader.Access != AccessPositional:
		return "found an acknowledgement for a reader that is not positional; remove it: a missing input does no harm there"
	case in.State.Certain():
		return fmt.Sprintf("found %s, %s, which is supplied; expected an input that is not supplied", InputNumber(index), strictjson.Quote(in.Name))
	case in.State == StateConditional:
		return fmt.Sprintf("found %s, %s, which is supplied under a condition; expected an input that is not supplied", InputNumber(index), strictjson.Quote(in.Name))
	case in.State == StateUnknown:
		return fmt.Sprintf("found %s, %s, whose supply is unknown; expected an input that is not supplied",
			InputNumber(index), strictjson.Quote(in.Name))
	}
	return ""
}

// isFormat reports whether s is a version of the format, as in contracts and needs: two numbers of
// up to five digits, separated by a point.
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

// maxFormats is far more than the number of versions that any reader supports.
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
			for range r.Elements(maxFormats, "versions") {
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

// limit reads a stated limit. It refuses 0, which would mean that no limit is stated.
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
		case "revision":
			l.Revision = r.limit()
		}
	}
	return l
}

// operators are the operators that a contract can name. They include the reserved operator, since
// a reader may support it before the format allows it.
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

// supplies reads the supplies of a contract. It also returns the offsets of the shortfalls of each
// supply.
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
			s.Type = r.Name()
		case "version":
			s.Version = uint32(r.Uint(0, channelfile.MaxNumber))
		case "feed":
			s.Feed = r.Name()
		case "evidence":
			s.Evidence = r.evidence()
		case "source", "line":
			r.place(&s.Place, key)
		case "collected":
			s.Collected = r.collection()
		case "filters":
			s.Filters = r.filters()
		case "events":
			s.Events = r.limit()
		case "inputs":
			seen := map[string]int{}
			for i := range r.Elements(channelfile.MaxInputs, "inputs") {
				s.Inputs = append(s.Inputs, r.suppliedInput(seen, i))
			}
		case "acknowledged":
			for range r.Elements(channelfile.MaxInputs, "shortfalls") {
				a, at := r.shortfall()
				s.Acknowledged = append(s.Acknowledged, a)
				shortfalls = append(shortfalls, at)
			}
		}
	}
	r.endPlace(&s.Place)
	return s, shortfalls
}

func (r *reader) suppliedInput(seen map[string]int, index int) SuppliedInput {
	in := SuppliedInput{State: StateSupplied}
	at := r.Next()
	valuesAt := -1
	var strings []bool
	var basis Basis
	for key := range r.Object(suppliedInputKeys) {
		switch key {
		case "name":
			in.Name = r.Name()
			r.Unique(seen, in.Name, "inputs", in.Name, index)
		case "type":
			in.Type = r.inputType()
		case "state":
			in.State = r.state()
			if in.State > StateSupplied {
				r.newer()
			}
		case "maxLength":
			in.MaxLength = r.Integer(1, MaxLength)
		case "cutAt":
			r.newer()
			in.CutAt = r.Integer(1, MaxLength)
		case "otherForm":
			r.newer()
			in.OtherForm = r.Bool()
		case "hashes":
			r.newer()
			in.Hashes = r.hashes()
		case "seen":
			in.Seen = r.limit()
		case "perMillion":
			r.newer()
			in.PerMillion = uint32(r.Uint(1, 1_000_000))
		case "values":
			valuesAt = r.Next()
			in.Values, strings = r.values()
		default:
			r.basis(&basis, key)
		}
	}
	r.endPlace(&basis.Place)
	if basis != (Basis{}) {
		in.Basis = &basis
	}
	if valuesAt >= 0 || in.State == StateConstant {
		r.constant(&in, strings, at, valuesAt)
	}
	if key, problem := in.problem(); problem != "" {
		r.FailAt(at, key, "%s", problem)
	}
	return in
}

// problem returns a contradiction in the statement of an input and the key that it concerns, or ""
// for both.
func (in *SuppliedInput) problem() (key, problem string) {
	switch {
	case in.MaxLength != 0 && in.Type != TypeString:
		return "maxLength", fmt.Sprintf("found a length for an input of type %s; only inputs of type string have one", in.Type)
	case in.CutAt != 0 && in.Type != TypeString:
		return "cutAt", fmt.Sprintf("found a length for an input of type %s; only inputs of type string have one", in.Type)
	case in.CutAt != 0 && (in.State == StateNotSupplied || in.State == StateConstant):
		return "cutAt", fmt.Sprintf("found cutAt for an input that is %s; only a supplied, conditional or unknown input can be cut", in.State)
	case in.CutAt != 0 && in.MaxLength > in.CutAt:
		return "maxLength", fmt.Sprintf("found %d, but the input is cut at %d bytes; expected at most %d", in.MaxLength, in.CutAt, in.CutAt)
	case in.OtherForm && in.Type != TypeString:
		return "otherForm", fmt.Sprintf("found another form for an input of type %s; only inputs of type string have forms", in.Type)
	case len(in.Hashes) > 0 && in.Type != TypeString:
		return "hashes", fmt.Sprintf("found hashes for an input of type %s; only inputs of type string have them", in.Type)
	case len(in.Hashes) > 0 && (in.State == StateNotSupplied || in.State == StateConstant || in.OtherForm):
		return "hashes", "found hashes for an input that is not supplied, constant or in another form; expected an input with the text of the source"
	case in.PerMillion != 0 && in.State != StateConditional:
		return "perMillion", fmt.Sprintf("found a rate for an input that is %s; only conditional inputs have one", in.State)
	case in.State == StateConditional && (in.Basis == nil || in.Basis.Reason == ""):
		return "reason", "found a conditional input without a reason; expected the condition under which events have it"
	}
	return "", ""
}

// shortfall reads a shortfall. It also returns the offset of the number of its input.
func (r *reader) shortfall() (a Shortfall, at int) {
	for key := range r.Object(shortfallKeys) {
		switch key {
		case "input":
			at = r.Next()
			a.Input = r.Integer(0, channelfile.MaxInputs-1)
		case "why":
			a.Why = r.Reason()
		case "until":
			a.Until = r.date()
		}
	}
	return a, at
}

// JSON returns the fleet as a document that [ReadFleet] reads. It uses the oldest version of the
// schema that can express the fleet. Equal fleets give equal bytes. The document does not contain
// Builtin, Digest and Document.
func (f *Fleet) JSON() ([]byte, error) {
	return writeJSON("fleet "+strictjson.Quote(f.Name), func(w *writer) {
		w.Object(func() {
			w.Text("schema", f.schema())
			w.Text("name", f.Name)
			w.OptionalText("note", f.Note)
			w.Key("builds")
			w.Array(func() {
				for i := range f.Contracts {
					w.Object(func() {
						w.Text("build", f.Contracts[i].Build)
						w.Number("hosts", f.Contracts[i].Hosts)
						w.OptionalText("note", f.Contracts[i].Note)
						w.sources(f.Contracts[i].Sources)
						w.sensors(f.Contracts[i].Sensors)
						w.Key("reader")
						w.contractReader(&f.Contracts[i].Reader)
						w.declares(f.Contracts[i].Declares)
						w.lacks(f.Contracts[i].Lacks)
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
		w.Text("evidence", r.Evidence.String())
		w.Text("access", r.Access.String())
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
				w.OptionalNumber("fileSize", r.Limits.FileSize)
				w.OptionalNumber("instances", r.Limits.Instances)
				w.OptionalNumber("criteria", r.Limits.Criteria)
				w.OptionalNumber("wordsPerInstance", r.Limits.WordsPerInstance)
				w.OptionalNumber("operandsPerCriterion", r.Limits.OperandsPerCriterion)
				w.OptionalNumber("valueLength", r.Limits.ValueLength)
				w.OptionalNumber("programInstructions", r.Limits.ProgramInstructions)
				w.OptionalNumber("revision", r.Limits.Revision)
			})
		}
		if r.Budget != (Budget{}) {
			w.Key("budget")
			w.Object(func() {
				w.OptionalNumber("steps", r.Budget.Steps)
				w.OptionalNumber("memory", r.Budget.Memory)
			})
		}
	})
}

func (w *writer) supplies(supplies []Supply) {
	w.Array(func() {
		for i := range supplies {
			s := &supplies[i]
			w.Object(func() {
				w.Text("type", s.Type)
				w.Number("version", uint64(s.Version))
				w.OptionalText("feed", s.Feed)
				w.Text("evidence", s.Evidence.String())
				w.place(&s.Place)
				w.collection(&s.Collected)
				w.filters(&s.Filters)
				w.OptionalNumber("events", s.Events)
				w.Key("inputs")
				w.Array(func() {
					for k := range s.Inputs {
						w.suppliedInput(&s.Inputs[k])
					}
				})
				if len(s.Acknowledged) > 0 {
					w.Key("acknowledged")
					w.Array(func() {
						for _, a := range s.Acknowledged {
							w.InlineObject(func() {
								w.Signed("input", a.Input)
								w.Text("why", a.Why)
								w.Text("until", a.Until.String())
							})
						}
					})
				}
			})
		}
	})
}

func (w *writer) suppliedInput(in *SuppliedInput) {
	w.InlineObject(func() {
		w.Text("name", in.Name)
		w.Text("type", in.Type.String())
		if in.State != StateSupplied {
			w.Text("state", in.State.String())
		}
		w.OptionalSigned("maxLength", in.MaxLength)
		w.OptionalSigned("cutAt", in.CutAt)
		if in.OtherForm {
			w.Key("otherForm")
			w.Bool(true)
		}
		if len(in.Hashes) > 0 {
			w.Key("hashes")
			w.InlineArray(func() {
				for _, name := range in.Hashes {
					w.String(name)
				}
			})
		}
		w.OptionalNumber("seen", in.Seen)
		w.OptionalNumber("perMillion", uint64(in.PerMillion))
		w.values(in)
		if in.Basis != nil {
			w.basis(in.Basis)
		}
	})
}

// addSat returns a + b, or the largest number if the sum overflows. So a cost that does not fit is
// too high, never too low.
func addSat(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }
