package fuzz

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	fuzzheaders "github.com/AdaLogics/go-fuzz-headers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A model describes the contents of a file in a form that go-fuzz-headers can fill: numbers of
// up to 32 bits, strings and slices. The method clamp makes any model acceptable to the
// Builder.
type model struct {
	Channel, Revision, Type, TypeVersion, Created uint32
	Inputs                                        uint16
	Traced                                        bool

	Instances []modelInstance
}

type modelInstance struct {
	ID                                 uint32
	Rule, Title, Author, Licence, Path string
	Line                               uint16
	Clauses                            []modelClause // all must hold
}

type modelClause struct {
	Literals []modelLiteral // one must hold
}

type modelLiteral struct {
	Negated, Fold, All bool
	Kind               uint8
	Input              uint16
	Strings            []string
	Numbers            []uint32
	Line               uint16
	Text               string
}

func FuzzStructured(f *testing.F) {
	for _, m := range modelSeeds() {
		f.Add(unfill(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := fill(data)
		want := m.clamp()
		b := channelfile.NewBuilder(channelfile.Header{
			Channel: m.Channel, Revision: m.Revision, Type: m.Type, TypeVersion: m.TypeVersion,
			InputsDeclared: m.Inputs, Created: uint64(m.Created),
		})
		for _, in := range m.Instances {
			if err := in.add(b, m.Traced); err != nil {
				t.Fatalf("%+v: %v", in, err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got := said(t, conforming(t, data))
		for id, in := range got.Instances {
			checkUses(t, want.Instances[id].Uses, in.Uses)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(saying{}, "Uses")); diff != "" {
			t.Errorf("the file differs from its model (-model +file):\n%s", diff)
		}
	})
}

// checkUses checks that each literal comes from a position that was given for it. A literal
// given several times may occur once.
func checkUses(t *testing.T, given, got map[string][]string) {
	t.Helper()
	for literal, uses := range got {
		for _, use := range uses {
			if !slices.Contains(given[literal], use) {
				t.Errorf("%s comes from %s; given were %v", literal, use, given[literal])
			}
		}
	}
}

// fill returns the model that the bytes of an input describe. An instance for which the bytes
// do not suffice is ignored.
func fill(data []byte) *model {
	m := &model{}
	c := fuzzheaders.NewConsumer(data)
	head := reflect.ValueOf(m).Elem()
	for i := range head.NumField() - 1 { // all fields except the instances
		if c.GenerateStruct(head.Field(i).Addr().Interface()) != nil {
			return m
		}
	}
	for len(m.Instances) < 100 {
		var in modelInstance
		if c.GenerateStruct(&in) != nil {
			break
		}
		m.Instances = append(m.Instances, in)
	}
	return m
}

// unfill returns bytes that fill turns into a model.
func unfill(m *model) []byte {
	var out []byte
	var write func(v reflect.Value)
	write = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				write(v.Field(i))
			}
		case reflect.Slice:
			out = binary.BigEndian.AppendUint32(out, uint32(v.Len()))
			for i := range v.Len() {
				write(v.Index(i))
			}
		case reflect.String:
			out = binary.BigEndian.AppendUint32(out, uint32(v.Len()))
			out = append(out, v.String()...)
		case reflect.Uint32:
			out = binary.BigEndian.AppendUint32(out, uint32(v.Uint()))
		case reflect.Uint16:
			out = binary.BigEndian.AppendUint16(out, uint16(v.Uint()))
			out = append(out, 1) // big-endian
		case reflect.Uint8:
			out = append(out, byte(v.Uint()))
		case reflect.Bool:
			out = append(out, 1) // odd means false
			if v.Bool() {
				out[len(out)-1] = 0
			}
		}
	}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() - 1 {
		write(v.Field(i))
	}
	for _, in := range m.Instances {
		write(reflect.ValueOf(in))
	}
	return append(out, 0) // the reader rejects a string at the very end
}

// The kinds of literals, each a criterion without a simpler form.
var literalKinds = []struct {
	operator channelfile.Operator
	flags    channelfile.Flags // allowed flags
}{
	{channelfile.OpExists, 0},
	{channelfile.OpEquals, channelfile.FlagFold | channelfile.FlagAll},
	{channelfile.OpPrefix, channelfile.FlagFold | channelfile.FlagAll},
	{channelfile.OpSuffix, channelfile.FlagFold | channelfile.FlagAll},
	{channelfile.OpContains, channelfile.FlagFold | channelfile.FlagAll},
	{channelfile.OpPattern, channelfile.FlagFold | channelfile.FlagAll},
	{channelfile.OpIntegerEquals, channelfile.FlagAll},
	{channelfile.OpIntegerRange, channelfile.FlagAll},
	{channelfile.OpAddressRange, channelfile.FlagAll},
	{channelfile.OpEquals, channelfile.FlagFold | channelfile.FlagAll | channelfile.FlagInputs},
	{channelfile.OpPrefix, channelfile.FlagFold | channelfile.FlagAll | channelfile.FlagInputs},
	{channelfile.OpSuffix, channelfile.FlagFold | channelfile.FlagAll | channelfile.FlagInputs},
	{channelfile.OpIntegerEquals, channelfile.FlagAll | channelfile.FlagInputs},
	{channelfile.OpRegexp, channelfile.FlagAll},
}

// sayings has the contents of a file: its header, its provenance, and, for each ID, the
// clauses of its condition, each as a set of literals.
type sayings struct {
	Header    channelfile.Header // without computed fields
	Instances map[channelfile.ID]saying
}

type saying struct {
	Origin  channelfile.Origin
	Clauses []string
	Uses    map[string][]string // positions that a literal comes from
}

// clamp changes the model into one that can be encoded, and returns the expected contents of
// the file.
func (m *model) clamp() sayings {
	m.Channel %= channelfile.MaxNumber + 1
	m.Revision %= channelfile.MaxNumber + 1
	m.TypeVersion %= channelfile.MaxNumber + 1
	m.Inputs = 2 + m.Inputs%(channelfile.MaxInputs-1)
	said := sayings{
		Header: channelfile.Header{
			Channel: m.Channel, Revision: m.Revision, Type: m.Type, TypeVersion: m.TypeVersion,
			InputsDeclared: m.Inputs, Created: uint64(m.Created),
		},
		Instances: map[channelfile.ID]saying{},
	}
	var kept []modelInstance
	for _, in := range m.Instances {
		s, ok := in.clamp(int(m.Inputs), m.Traced)
		if _, twice := said.Instances[in.id()]; ok && !twice {
			said.Instances[in.id()] = s
			kept = append(kept, in)
		}
	}
	m.Instances = kept
	return said
}

func (in *modelInstance) id() (id channelfile.ID) {
	binary.BigEndian.PutUint32(id[in.ID%3*4:], in.ID)
	id[15] = 1
	return id
}

func (in *modelInstance) clamp(inputs int, traced bool) (s saying, ok bool) {
	for _, text := range []*string{&in.Rule, &in.Title, &in.Author, &in.Licence, &in.Path} {
		clampText(text)
	}
	s.Uses = map[string][]string{}
	if traced {
		s.Origin = channelfile.Origin{Rule: in.Rule, Title: in.Title, Author: in.Author, Licence: in.Licence, Path: in.Path, Line: int(in.Line)}
	}
	var kept []modelClause
	for _, c := range in.Clauses {
		var literals []string
		for i := range c.Literals {
			l := &c.Literals[i]
			clampText(&l.Text)
			text := l.clamp(inputs)
			literals = append(literals, text)
			if traced {
				s.Uses[text] = append(s.Uses[text], fmt.Sprintf("%d %q", l.Line, l.Text))
			}
		}
		if len(literals) > 0 {
			kept = append(kept, c)
			s.Clauses = append(s.Clauses, clauseText(literals))
		}
	}
	in.Clauses = kept
	s.Clauses = set(s.Clauses)
	return s, len(kept) > 0
}

// clampText makes a text valid UTF-8 and short enough.
func clampText(s *string) {
	*s = strings.ToValidUTF8((*s)[:min(len(*s), channelfile.MaxTextLength/4)], "\uFFFD")
}

// set returns the sorted list without duplicates.
func set(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func clauseText(literals []string) string { return strings.Join(set(literals), " or ") }

// clamp changes the literal into one without a simpler form, and returns its text.
func (l *modelLiteral) clamp(inputs int) string {
	l.Kind %= uint8(len(literalKinds))
	kind := literalKinds[l.Kind]
	l.Input %= uint16(inputs)
	if kind.flags&channelfile.FlagInputs != 0 {
		// The last input has no later input to be compared with.
		l.Input %= uint16(inputs - 1)
	}
	if len(l.Numbers) == 0 {
		l.Numbers = []uint32{0}
	}
	if len(l.Strings) == 0 {
		l.Strings = []string{""}
	}
	var operands []string
	for i, s := range l.Strings {
		s = s[:min(len(s), channelfile.MaxValueLength/8)]
		switch kind.operator {
		case channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
			if s == "" {
				s = "x"
			}
		case channelfile.OpRegexp:
			s = "^" + regexp.QuoteMeta(strings.ToValidUTF8(s[:min(len(s), 1000)], "\uFFFD")) + "|[^a-c]"
		case channelfile.OpPattern:
			s = "?" + strings.NewReplacer("*", `\*`, "?", `\?`, `\`, `\\`).Replace(s) + "*"
		}
		l.Strings[i] = s
		if l.Fold && kind.operator != channelfile.OpRegexp {
			s = string(channelfile.AppendFold(nil, []byte(s)))
		}
		operands = append(operands, fmt.Sprintf("%x", s))
	}
	switch {
	case kind.flags&channelfile.FlagInputs != 0:
		operands = nil
		for i, n := range l.Numbers {
			other := uint32(l.Input) + 1 + n%(uint32(inputs)-1-uint32(l.Input))
			l.Numbers[i] = other
			operands = append(operands, fmt.Sprint("input ", other))
		}
	case kind.operator == channelfile.OpExists:
		operands = nil
	case kind.operator >= channelfile.OpIntegerEquals:
		operands = nil
		for _, n := range l.Numbers {
			operands = append(operands, fmt.Sprintf("%x", numberOperand(kind.operator, n)))
		}
	}
	operands = set(operands)
	var flags channelfile.Flags
	if l.Fold {
		flags |= channelfile.FlagFold
	}
	if l.All && len(operands) > 1 {
		flags |= channelfile.FlagAll
	}
	flags = flags&kind.flags | kind.flags&channelfile.FlagInputs
	return literalText(l.Negated, int(l.Input), kind.operator, flags, operands)
}

func literalText(negated bool, input int, op channelfile.Operator, flags channelfile.Flags, operands []string) string {
	return fmt.Sprintf("(%v %d %v %d %s)", negated, input, op, flags, strings.Join(set(operands), ","))
}

// numberOperand returns the bytes of an operand, as in FORMAT.md.
func numberOperand(op channelfile.Operator, n uint32) []byte {
	switch op {
	case channelfile.OpIntegerEquals:
		return le.AppendUint64(nil, uint64(int64(int32(n))))
	case channelfile.OpIntegerRange:
		least, greatest := rangeOf(n)
		return le.AppendUint64(le.AppendUint64(nil, uint64(least)), uint64(greatest))
	}
	first, last := addressesOf(n)
	a, b := first.As16(), last.As16()
	return append(a[:], b[:]...)
}

func rangeOf(n uint32) (least, greatest int64) {
	least = int64(int32(n))
	return least, least + 1 + int64(n&0xFFFF)
}

func addressesOf(n uint32) (first, last netip.Addr) {
	b := binary.BigEndian.AppendUint32(nil, n)
	if n%2 == 0 {
		return netip.AddrFrom4([4]byte(b)), netip.AddrFrom4([4]byte{255, 255, 255, b[3]})
	}
	// From an IPv6 address before all mapped addresses to one after them.
	return netip.IPv6Unspecified(), netip.AddrFrom16([16]byte{0xFE, 0x80, 14: b[2], 15: b[3]})
}

// add adds the instance to a Builder.
func (in *modelInstance) add(b *channelfile.Builder, traced bool) error {
	var clauses []channelfile.Expr
	for _, c := range in.Clauses {
		var literals []channelfile.Expr
		for _, l := range c.Literals {
			literals = append(literals, l.expr().From(int(l.Line), l.Text))
		}
		clauses = append(clauses, channelfile.Or(literals...))
	}
	var origin *channelfile.Origin
	if traced {
		origin = &channelfile.Origin{Rule: in.Rule, Title: in.Title, Author: in.Author, Licence: in.Licence, Path: in.Path, Line: int(in.Line)}
	}
	return b.Add(in.id(), channelfile.And(clauses...), origin)
}

func (l *modelLiteral) expr() channelfile.Expr {
	input := int(l.Input)
	var e channelfile.Expr
	kind := literalKinds[l.Kind]
	var others []int
	for _, n := range l.Numbers {
		others = append(others, int(n))
	}
	inputs := kind.flags&channelfile.FlagInputs != 0
	switch kind.operator {
	case channelfile.OpExists:
		e = channelfile.Exists(input)
	case channelfile.OpEquals:
		if e = channelfile.Equals(input, l.Strings...); inputs {
			e = channelfile.EqualsInput(input, others...)
		}
	case channelfile.OpPrefix:
		if e = channelfile.Prefix(input, l.Strings...); inputs {
			e = channelfile.PrefixInput(input, others...)
		}
	case channelfile.OpSuffix:
		if e = channelfile.Suffix(input, l.Strings...); inputs {
			e = channelfile.SuffixInput(input, others...)
		}
	case channelfile.OpContains:
		e = channelfile.Contains(input, l.Strings...)
	case channelfile.OpPattern:
		e = channelfile.Pattern(input, l.Strings...)
	case channelfile.OpRegexp:
		e = channelfile.Regexp(input, l.Strings...)
	case channelfile.OpIntegerEquals:
		var numbers []int64
		for _, n := range l.Numbers {
			numbers = append(numbers, int64(int32(n)))
		}
		if e = channelfile.IntegerEquals(input, numbers...); inputs {
			e = channelfile.IntegerEqualsInput(input, others...)
		}
	case channelfile.OpIntegerRange:
		var ranges [][2]int64
		for _, n := range l.Numbers {
			least, greatest := rangeOf(n)
			ranges = append(ranges, [2]int64{least, greatest})
		}
		e = channelfile.IntegerRange(input, ranges...)
	case channelfile.OpAddressRange:
		var ranges [][2]netip.Addr
		for _, n := range l.Numbers {
			first, last := addressesOf(n)
			ranges = append(ranges, [2]netip.Addr{first, last})
		}
		e = channelfile.AddressRange(input, ranges...)
	}
	if l.Fold {
		e = e.Fold()
	}
	if l.All {
		e = e.All()
	}
	if l.Negated {
		e = channelfile.Not(e)
	}
	return e
}

// said reads the contents of a file.
func said(t *testing.T, f *channelfile.File) sayings {
	t.Helper()
	s := sayings{Header: f.Header, Instances: map[channelfile.ID]saying{}}
	s.Header.InputsRead, s.Header.FileSize, s.Header.SectionCount = 0, 0, 0
	for i := range f.Instances() {
		in := f.Instance(i)
		one := saying{Origin: f.Origin(i), Uses: map[string][]string{}}
		var pending []string // literals whose clause is not known yet
		for w := in.First; w < in.First+in.Count; w++ {
			word := f.Word(w)
			if !word.IsReference() {
				if !word.IsOr() || word.Operands() > len(pending) {
					t.Fatalf("instance %d has %v; want an or", i, word)
				}
				first := len(pending) - word.Operands()
				one.Clauses = append(one.Clauses, clauseText(slices.Clone(pending[first:])))
				pending = pending[:first]
				continue
			}
			c := f.Criterion(word.Criterion())
			var operands []string
			for v := range f.OperandValues(c) {
				operands = append(operands, fmt.Sprintf("%x", v))
			}
			for p := range f.OperandPrograms(c) {
				operands = append(operands, fmt.Sprintf("%x", p.Source()))
			}
			for other := range f.OperandInputs(c) {
				operands = append(operands, fmt.Sprint("input ", other))
			}
			text := literalText(word.Negated(), int(c.Input), c.Operator, c.Flags, operands)
			if f.HasProvenance() {
				line, of := f.Use(w)
				one.Uses[text] = append(one.Uses[text], fmt.Sprintf("%d %q", line, of))
			}
			pending = append(pending, text)
		}
		one.Clauses = set(append(one.Clauses, pending...))
		s.Instances[in.ID] = one
	}
	return s
}

// modelSeeds returns models for the seeds.
func modelSeeds() []*model {
	story := model{
		Channel: 291, Revision: 32, Type: 1, TypeVersion: 1, Inputs: 21 - 2, Created: 1_721_362_140, Traced: true,
		Instances: []modelInstance{
			{ID: 1, Rule: "r1", Title: "first", Path: "pipes.yml", Line: 3, Clauses: []modelClause{
				{[]modelLiteral{{Kind: 1, Input: 5, Strings: []string{`\demo`, `\stage`}, Line: 7, Text: "PipeName: demo"}}},
			}},
			{ID: 2, Rule: "r2", Title: "reads input 21", Path: "pipes.yml", Line: 14, Clauses: []modelClause{
				{[]modelLiteral{{Kind: 1, Input: 20, Strings: []string{`c:\tool.exe`}, Line: 17, Text: "ClientImage"}}},
				{[]modelLiteral{{Kind: 5, Input: 5, Strings: []string{"*?"}, Fold: true}, {Kind: 4, Input: 6, Strings: []string{"A", "B"}, All: true, Negated: true}}},
			}},
		},
	}
	every := model{Channel: 1000, Type: 1000, TypeVersion: 1, Inputs: 6 - 2}
	for kind := range literalKinds {
		for _, flags := range []int{0, 1, 2, 3, 7} {
			every.Instances = append(every.Instances, modelInstance{ID: uint32(len(every.Instances)), Clauses: []modelClause{
				{[]modelLiteral{
					{Kind: uint8(kind), Input: uint16(kind), Strings: []string{"Aa", "b\xFF", ""}, Numbers: []uint32{1, 2, 1 << 31},
						Fold: flags&1 != 0, All: flags&2 != 0, Negated: flags&4 != 0},
					{Kind: 0, Input: 3},
				}},
				{[]modelLiteral{{Kind: 0, Input: 3}, {Kind: 0, Input: 3}}},
			}})
		}
	}
	return []*model{{}, &story, &every}
}

func TestModelSeeds(t *testing.T) {
	for i, m := range modelSeeds() {
		if diff := cmp.Diff(m, fill(unfill(m)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("model %d differs from the model of its bytes (-model +bytes):\n%s", i, diff)
		}
	}
}
