package generate

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Kind says how a file of a stream was made.
type Kind uint8

// The kinds of files.
const (
	Valid    Kind = iota // encoded from a random model
	Edited               // encoded from a model that was changed where an event reads it
	Patched              // a valid file with one to three fields changed and correct digests
	Spliced              // combined from two valid files
	Boundary             // a valid file with one number at a boundary
	Bytes                // a valid file with bytes changed, removed or inserted, or random bytes
	NumKinds = iota
)

func (k Kind) String() string {
	return [NumKinds]string{"valid", "edited", "patched", "spliced", "boundary", "bytes"}[k]
}

// shares has the percentage of each kind of file.
var shares = [NumKinds]int{Valid: 30, Edited: 22, Patched: 20, Spliced: 10, Boundary: 9, Bytes: 9}

// A File is a file of a stream.
type File struct {
	Data []byte
	Kind Kind
}

// A Fleet is a fleet of a stream.
type Fleet struct {
	*sensor.Fleet
	Cohorts *sensor.Cohorts // Fleet.Cohorts()
	Whole   bool            // every build has all inputs and operators that the type allows
}

// A Batch has files of one template type, and fleets. Each file can be judged for each fleet.
type Batch struct {
	Definition  *sensor.Definition
	Definitions *sensor.Definitions // contains only Definition
	Files       []File
	Fleets      []Fleet
}

// The sizes of a batch.
const (
	batchFiles  = 8
	batchFleets = 8
)

// TypeBatches is the number of consecutive batches of a stream with the same type. They share
// the definition and some of their fleets.
const TypeBatches = 8

// A Stream generates batches of small files without end. The same seed always gives the same
// stream.
type Stream struct {
	g           *Generator
	left        int // number of batches still to make for the definition
	definition  *sensor.Definition
	definitions *sensor.Definitions
	declares    []sensor.Declaration
	full        []sensor.SuppliedInput // the declared inputs, and two more inputs
	whole       []Fleet                // fleets whose builds lack nothing
	tight       bool                   // the definition limits the values
	conditions  []channelfile.Expr     // conditions of earlier files of the definition
	before      []byte                 // an earlier valid file of the definition
}

// NewStream returns the stream for a seed.
func NewStream(seed uint64) *Stream {
	g := New(seed)
	g.plain = true
	return &Stream{g: g}
}

// NewRichStream returns a stream with more regular expressions, which is slower.
func NewRichStream(seed uint64) *Stream { return &Stream{g: New(seed)} }

// Next returns the next batch. Later calls do not change it.
func (s *Stream) Next() *Batch {
	g := s.g
	if s.left == 0 {
		s.left = TypeBatches
		s.newType()
	}
	s.left--
	b := &Batch{Definition: s.definition, Definitions: s.definitions}
	for len(b.Files) < batchFiles {
		conditions := s.draw()
		m := g.label(conditions)
		kind := s.kind()
		valid := func() []byte { return m.encode(headerOf(s.definition)) }
		var data []byte
		switch kind {
		case Edited:
			data = s.edited(conditions)
		case Patched:
			data = g.Patch(valid())
		case Spliced:
			data = s.spliced(valid, conditions)
		case Boundary:
			data = g.Boundary(valid())
		case Bytes:
			data = g.bytes(valid())
		default:
			data = valid()
			s.before, s.conditions = data, conditions
		}
		b.Files = append(b.Files, File{data, kind})
	}
	cost := s.cost(b.Files[0].Data)
	for len(b.Fleets) < batchFleets {
		if g.one(2) {
			b.Fleets = append(b.Fleets, pick(g, s.whole...))
			continue
		}
		b.Fleets = append(b.Fleets, s.fleet(cost))
	}
	return b
}

func (s *Stream) kind() Kind {
	n := s.g.Intn(100)
	for k, share := range shares {
		if n -= share; n < 0 {
			return Kind(k)
		}
	}
	return Valid
}

// newType draws a new definition, and the complete fleets for its batches.
func (s *Stream) newType() {
	g := s.g
	d := g.Definition()
	if most := pick(g, 1, 2, 2, 3, 3, 4, 5, 6, MaxInputs); len(d.Inputs) > most {
		d.Inputs = d.Inputs[:most]
	}
	s.tight = g.one(8)
	for i := range d.Inputs {
		switch in := &d.Inputs[i]; {
		case !s.tight:
		case in.Type == sensor.TypeString:
			in.MaxLength = pick(g, 1, 4, 16)
		case in.Type == sensor.TypeInteger:
			least, greatest := int64(0), pick(g, int64(5), 255)
			in.Least, in.Greatest = pick(g, &least, &least, nil), pick(g, &greatest, &greatest, nil)
		}
	}
	if d.Inputs[0].Type != sensor.TypeAddress && (g.one(3) || !g.plain && g.one(2)) {
		d.Feeds = g.feeds(d)
	}
	s.definition, s.definitions = d, new(sensor.Definitions)
	if err := s.definitions.Add(d); err != nil {
		panic(fmt.Sprintf("a generated definition is rejected: %v", err))
	}
	s.full = nil
	for i := range len(d.Inputs) + 2 {
		in := sensor.SuppliedInput{Name: fmt.Sprintf("More%d", i), Type: sensor.TypeString, State: sensor.StateSupplied}
		if i < len(d.Inputs) {
			in.Name, in.Type = d.Inputs[i].Name, d.Inputs[i].Type
		}
		if in.Type == sensor.TypeString {
			in.MaxLength = g.length()
		}
		s.full = append(s.full, in)
	}
	s.declare()
	s.whole = s.whole[:0]
	for _, builds := range []int{1, 1, 2, 8} {
		f := &sensor.Fleet{Name: "whole"}
		for i := range builds {
			c := s.contract(i)
			c.Reader.Access = s.access()
			c.Supplies[0].Inputs = s.full[:len(d.Inputs)+g.Intn(3)]
			if g.one(3) {
				c.Reader.Budget = sensor.Budget{Steps: 1 << 50, Memory: 1 << 40}
			}
			f.Contracts = append(f.Contracts, c)
		}
		s.whole = append(s.whole, Fleet{f, f.Cohorts(), !s.tight})
	}
	s.conditions, s.before = nil, nil
}

// length returns a random maximum length for the values of an input, in bytes.
func (g *Generator) length() int {
	if g.one(1000) {
		return MaxLength
	}
	return pick(g, 1, 4, 8, 16, 16, 32, 64)
}

// draw returns random conditions for a file.
func (s *Stream) draw() []channelfile.Expr {
	g := s.g
	list := make([]channelfile.Expr, pick(g, 1, 1, 1, 1, 2, 2, 3, 4))
	for i := range list {
		list[i] = g.Condition(s.definition, pick(g, 0, 0, 0, 1, 1, 2))
	}
	return list
}

// encode returns a file with the given conditions. It leaves out conditions that the format
// cannot hold. If it leaves out all of them, the file gets one simple condition.
func (s *Stream) encode(d *sensor.Definition, conditions []channelfile.Expr) []byte {
	return s.g.label(conditions).encode(headerOf(d))
}

func headerOf(d *sensor.Definition) channelfile.Header {
	return channelfile.Header{
		Channel: d.Channel, Revision: revision, Type: d.Number, TypeVersion: d.Version, InputsDeclared: uint16(len(d.Inputs)),
	}
}

// A model has the conditions of a file, the ends of its IDs and its provenance.
type model struct {
	conditions []channelfile.Expr
	last       []byte              // last byte of each ID
	origin     *channelfile.Origin // nil means that the file has no provenance
}

// label draws the ends of the IDs, and perhaps a provenance, for the given conditions.
func (g *Generator) label(conditions []channelfile.Expr) model {
	m := model{conditions: conditions, last: make([]byte, len(conditions))}
	if g.one(10) {
		m.origin = &channelfile.Origin{Rule: pick(g, "r1", ""), Title: "t", Author: pick(g, "a", "é"), Path: "r.yml", Line: g.Intn(3)}
	}
	for i := range m.last {
		m.last[i] = byte(g.r.IntN(256))
	}
	return m
}

// id returns the ID of condition i. In some files the IDs differ only in their second half.
func (m model) id(i int) channelfile.ID {
	if m.last[0]%4 == 0 {
		return channelfile.ID{0: 1, 8: byte(i + 1), 15: m.last[i]}
	}
	return channelfile.ID{0: byte(i + 1), 15: m.last[i]}
}

func (m model) encode(h channelfile.Header) []byte {
	b := channelfile.NewBuilder(h)
	n := 0
	for i, e := range m.conditions {
		if b.Add(m.id(i), e, m.origin) == nil {
			n++
		}
	}
	if n == 0 && b.Add(channelfile.ID{1}, channelfile.Exists(0), m.origin) != nil {
		panic("a criterion on the first input is rejected")
	}
	data, err := b.Encode()
	if err != nil {
		panic(fmt.Sprintf("a model that the builder accepted cannot be encoded: %v", err))
	}
	return data
}

// edited makes one to three random changes and encodes the result. A change concerns a
// condition, or the header's statement about the type.
func (s *Stream) edited(conditions []channelfile.Expr) []byte {
	g, d := s.g, s.definition
	h := headerOf(d)
	list := slices.Clone(conditions)
	for range 1 + g.Intn(3) {
		i := g.Intn(len(list))
		switch g.Intn(8) {
		case 0, 1, 2:
			list[i] = channelfile.And(list[i], g.Criterion(d))
		case 3:
			list[i] = channelfile.Not(list[i])
		case 4:
			list[i] = channelfile.Or(list[i], g.Criterion(d))
		case 5: // a criterion that may not fit the types of its inputs
			a, b := g.Intn(len(d.Inputs)), g.Intn(len(d.Inputs))
			list[i] = channelfile.And(list[i], pick(g, channelfile.Prefix(a, "a"), channelfile.IntegerEquals(a, 1), channelfile.IntegerEqualsInput(a, b), channelfile.EqualsInput(a, b)))
		case 6: // the last input, or an undeclared one
			last := len(d.Inputs) - 1 + g.Intn(2)
			list[i] = channelfile.And(list[i], channelfile.Exists(last))
			h.InputsDeclared = uint16(max(int(h.InputsDeclared), last+1))
		case 7:
			if !g.one(4) {
				list = append(list, g.Criterion(d))
				break
			}
			switch g.Intn(4) {
			case 0:
				h.Type++
			case 1:
				h.TypeVersion++
			case 2:
				h.Channel++
			case 3:
				h.InputsDeclared++
			}
		}
	}
	return g.label(list).encode(h)
}

// spliced combines a new file and an earlier one: the conditions of both, or the sections of
// both. Valid encodes the new file.
func (s *Stream) spliced(valid func() []byte, conditions []channelfile.Expr) []byte {
	g := s.g
	if s.before == nil {
		return valid()
	}
	if g.one(2) {
		return s.encode(s.definition, slices.Concat(conditions, s.conditions))
	}
	return g.Splice(valid(), s.before)
}

// A cost has the sizes and steps of a file. The stream draws budgets and limits near them.
type cost struct {
	needs *sensor.Needs
	steps uint64
}

// cost returns the maximum cost of a file. If the file cannot be read, it returns the cost of a
// file with one simple condition.
func (s *Stream) cost(data []byte) cost {
	f, err := channelfile.Parse(data)
	if err != nil {
		f, err = channelfile.Parse(s.encode(s.definition, nil))
	}
	if err != nil {
		panic(fmt.Sprintf("a valid file cannot be read: %v", err))
	}
	c := cost{needs: sensor.NeedsOf(f, nil)}
	c.steps, _ = c.needs.Steps(func(i int) (int, bool) {
		if i >= len(s.full) {
			return 0, true
		}
		return max(s.full[i].MaxLength, 8), true
	})
	return c
}

// near returns a random number that is close to n and not 0.
func (g *Generator) near(n uint64) uint64 {
	return max(1, pick(g, n-min(n, 1), n, n, n+1, n+uint64(g.Intn(50)), n/2, 2*n))
}

// contract returns a build that supplies every declared input.
func (s *Stream) contract(i int) sensor.Contract {
	d := s.definition
	feed := ""
	if len(d.Feeds) > 0 && !s.g.one(3) {
		feed = pick(s.g, d.Feeds[0].Name, d.Feeds[1].Name)
	}
	return sensor.Contract{
		Build: buildNames[i], Hosts: uint64(i) + 1,
		Reader: sensor.Reader{
			Access: sensor.AccessPositional, Evidence: sensor.EvidenceStated, Formats: formats, Operators: operators,
		},
		Declares: s.declares,
		Supplies: []sensor.Supply{{Type: d.Name, Version: d.Version, Feed: feed, Evidence: sensor.EvidenceExtracted, Inputs: s.full[:len(d.Inputs)]}},
	}
}

// access returns the access of a reader. A rich stream has more named readers of types with feeds,
// because facts about events matter only to them.
func (s *Stream) access() sensor.Access {
	if s.g.one(3) || !s.g.plain && len(s.definition.Feeds) > 0 && s.g.one(2) {
		return sensor.AccessNamed
	}
	return sensor.AccessPositional
}

// declare sets s.declares, which every build states. It declares inputs that the definition does
// not have, and a later version of the type.
func (s *Stream) declare() {
	d := s.definition
	more := sensor.Declaration{Type: d.Name, Version: d.Version}
	for _, in := range s.full[len(d.Inputs):] {
		more.Inputs = append(more.Inputs, sensor.DeclaredInput{Name: in.Name, Type: in.Type})
	}
	for _, t := range []sensor.InputType{sensor.TypeString, sensor.TypeInteger, sensor.TypeAddress} {
		more.Inputs = append(more.Inputs, sensor.DeclaredInput{Name: another(t), Type: t})
	}
	other := sensor.Declaration{Type: d.Name, Version: d.Version + 1, Inputs: more.Inputs}
	for _, in := range d.Inputs {
		other.Inputs = append(other.Inputs, sensor.DeclaredInput{Name: in.Name, Type: in.Type})
	}
	for _, f := range d.Feeds {
		other.Feeds = append(other.Feeds, f.Name)
	}
	s.declares = []sensor.Declaration{more, other}
}

// another returns a name for an input. No definition has an input of that name.
func another(t sensor.InputType) string { return "Another " + t.String() }

// collection draws a statement about the events that hosts record.
func (g *Generator) collection() (c sensor.Collection) {
	if c.Events = pick(g, sensor.CollectedNone, sensor.CollectedNone, sensor.CollectedSome, sensor.CollectedAll, sensor.CollectedUnknown); c.Events == sensor.CollectedSome {
		if c.Basis.Reason = "drawn"; g.one(2) {
			c.Off = pick(g, []uint32{1}, []uint32{1, 2, 3}, []uint32{2, 4688}, []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
		}
	}
	return c
}

// state draws a state other than supplied for an input.
func (g *Generator) state(in *sensor.SuppliedInput) {
	switch in.State = pick(g, sensor.StateNotSupplied, sensor.StateUnknown, sensor.StateNotSupplied, sensor.StateUnknown, sensor.StateConditional, sensor.StateConstant); in.State {
	case sensor.StateConditional:
		in.Basis = &sensor.Basis{Reason: "drawn"}
	case sensor.StateConstant:
		g.constant(in)
	}
}

// constant makes an input constant. Its values are some that generated criteria compare with,
// and others.
func (g *Generator) constant(in *sensor.SuppliedInput) {
	texts := map[sensor.InputType][]string{
		sensor.TypeString: {"a", "7", "ab", "", "B"}, sensor.TypeInteger: {"7", "0", "-1", "4688"}, sensor.TypeAddress: {"192.0.2.1", "10.0.0.1", "::1"},
	}[in.Type]
	from := g.Intn(len(texts))
	n := min(pick(g, 1, 1, 2, 3), len(texts))
	in.State, in.Values, in.MaxLength, in.CutAt = sensor.StateConstant, append(slices.Clone(texts[from:]), texts[:from]...)[:n], 0, 0
}

// cut draws a length to which a build cuts a string: often shorter than the texts that rules
// compare with.
func (g *Generator) cut(in *sensor.SuppliedInput) {
	if in.Type == sensor.TypeString {
		in.CutAt = pick(g, 1, 2, 4, 16)
		in.MaxLength = min(in.MaxLength, in.CutAt)
	}
}

var (
	buildNames = []string{"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"}
	formats    = []string{channelfile.Version}
	operators  = channelfile.Operators()
)

// fleet returns a random fleet of one to eight builds. It changes some of the builds with lack.
func (s *Stream) fleet(cost cost) Fleet {
	g := s.g
	f := &sensor.Fleet{Name: "drawn"}
	builds := pick(g, 1, 1, 1, 1, 2, 2, 3, 4, 8)
	for i := range builds {
		c := s.contract(i)
		c.Reader.Access = s.access()
		if builds == 1 && !g.one(4) || g.one(builds) {
			s.lack(&c, cost)
		}
		f.Contracts = append(f.Contracts, c)
	}
	return Fleet{Fleet: f, Cohorts: f.Cohorts()}
}

// lack makes one random change to a build: to its inputs, limits, operators, versions or feeds.
// After most of these changes the build lacks something that a file may need.
func (s *Stream) lack(c *sensor.Contract, cost cost) {
	g, d := s.g, s.definition
	r, supply := &c.Reader, &c.Supplies[0]
	declared := len(d.Inputs)
	own := func() []sensor.SuppliedInput { // copies the inputs, because builds share s.full
		supply.Inputs = slices.Clone(supply.Inputs)
		return supply.Inputs
	}
	some := func() int {
		if g.one(2) {
			return declared - 1
		}
		return g.Intn(declared)
	}
	const versions = 13
	what := g.Intn(20)
	switch what {
	case 0, 1: // too few inputs, or too many
		supply.Inputs = s.full[:max(0, declared-2+g.Intn(5))]
	case 2, 3: // too few inputs, with an acknowledgement
		if r.Access = sensor.AccessPositional; true {
			supply.Inputs = s.full[:max(0, declared-1-g.Intn(2))]
			for i := len(supply.Inputs); i < declared; i++ {
				supply.Acknowledged = append(supply.Acknowledged, s.acknowledge(i))
			}
		}
	case 4: // a state other than supplied, for any input
		i := some()
		g.state(&own()[i])
		if r.Access == sensor.AccessPositional && supply.Inputs[i].State == sensor.StateNotSupplied && g.one(2) {
			supply.Acknowledged = append(supply.Acknowledged, s.acknowledge(i))
		}
	case 5, 6: // another type
		in := &own()[some()]
		in.Type = pick(g, sensor.TypeString, sensor.TypeInteger, sensor.TypeAddress)
		if in.Type == sensor.TypeString {
			in.MaxLength = 16
		} else {
			in.MaxLength = 0
		}
	case 7: // another name
		in := &own()[some()]
		in.Name = another(in.Type)
	case 8:
		r.Budget.Steps = g.near(cost.steps)
	case 9:
		r.Budget.Memory = g.near(cost.needs.Memory)
	case 10: // an unknown length
		in := &own()[some()]
		if in.MaxLength = 0; in.Type == sensor.TypeString && g.one(3) {
			in.CutAt = pick(g, 1, 16) // cut to a known length
		}
		r.Budget.Steps = pick(g, g.near(cost.steps), 1<<40)
	case 11:
		sizes := &cost.needs.Sizes
		l := &r.Limits
		switch g.Intn(8) {
		case 0:
			l.FileSize = g.near(sizes.FileSize)
		case 1:
			l.Instances = g.near(sizes.Instances)
		case 2:
			l.Criteria = g.near(sizes.Criteria)
		case 3:
			l.WordsPerInstance = g.near(sizes.WordsPerInstance)
		case 4:
			l.OperandsPerCriterion = g.near(sizes.OperandsPerCriterion)
		case 5:
			l.ValueLength = g.near(sizes.ValueLength)
		case 6:
			l.ProgramInstructions = g.near(sizes.ProgramInstructions)
		case 7:
			l.Revision = g.near(revision)
		}
	case 12: // a missing operator
		i := g.Intn(len(operators))
		r.Operators = slices.Delete(slices.Clone(operators), i, i+1)
	case versions: // another version of the format, or of the type
		if g.one(3) {
			r.Formats = []string{"0.1", "1.1"}
			break
		}
		r.RefusesUnknownVersions = g.one(2)
		supply.Version++
	case 14, 15: // a second feed
		second := *supply
		supply.Feed, second.Feed = "first", "second"
		if second.Inputs = s.full[:max(0, declared-g.Intn(2))]; what == 15 {
			// The first feed lacks an input too, perhaps another one.
			r.Access = sensor.AccessNamed
			own()[some()].State = sensor.StateNotSupplied
		}
		c.Supplies = append(c.Supplies, second)
	case 16: // events that are not collected, of one feed or of two
		supply.Collected = g.collection()
		if g.one(2) {
			r.Access = s.access()
			second := *supply
			supply.Feed, second.Feed = "first", "second"
			if second.Collected = g.collection(); g.one(2) {
				own()[some()].State = sensor.StateNotSupplied
			}
			c.Supplies = append(c.Supplies, second)
		}
	case 17: // a constant input, or two
		for range pick(g, 1, 1, 2) {
			in := &own()[some()]
			g.constant(in)
		}
	case 18: // strings that are cut
		for range pick(g, 1, 1, 2, 3) {
			g.cut(&own()[some()])
		}
	case 19: // two feeds with values of their own
		r.Access = s.access()
		second := *supply
		supply.Feed, second.Feed = "first", "second"
		second.Inputs = slices.Clone(second.Inputs)
		for _, inputs := range [][]sensor.SuppliedInput{own(), second.Inputs} {
			in := &inputs[some()]
			if g.one(4) {
				g.cut(in)
			} else {
				g.constant(in)
			}
		}
		c.Supplies = append(c.Supplies, second)
	}
	if g.one(6) && what != versions { // sometimes also a small budget
		r.Budget.Steps = pick(g, g.near(cost.steps), g.near(cost.needs.Constant), 1<<40)
	}
}

// acknowledge returns an acknowledgement that a build does not supply an input. Usually it is
// valid, sometimes expired.
func (s *Stream) acknowledge(input int) sensor.Shortfall {
	year := 2030
	if s.g.one(8) {
		year = 2020
	}
	return sensor.Shortfall{Input: input, Why: "drawn", Until: sensor.Date{Year: year, Month: 6, Day: 30}}
}
