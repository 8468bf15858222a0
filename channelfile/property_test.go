package channelfile

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// testInputs is how many inputs the generated files declare. Few, so that
// criteria meet.
const testInputs = 4

// genString draws operands that are often alike, and what gives way: the empty
// string, one string a part of another, the same but for case.
func genString() *rapid.Generator[string] { return rapid.StringMatching(`[aAbB*?\\]{0,3}`) }

// genCriterion draws criteria of every operator.
func genCriterion() *rapid.Generator[Expr] {
	return rapid.Custom(func(t *rapid.T) Expr {
		input := rapid.IntRange(0, testInputs-1).Draw(t, "input")
		texts := func(g *rapid.Generator[string]) []string { return rapid.SliceOfN(g, 1, 4).Draw(t, "operands") }
		inputs := func() []int { return rapid.SliceOfN(rapid.IntRange(0, testInputs-1), 1, 3).Draw(t, "inputs") }
		number := rapid.Int64Range(-2, 12)
		switch rapid.IntRange(0, 15).Draw(t, "operator") {
		case 0:
			return Exists(input)
		case 1:
			return Equals(input, texts(genString())...)
		case 2:
			return Prefix(input, texts(genString())...)
		case 3:
			return Suffix(input, texts(genString())...)
		case 4:
			return Contains(input, texts(genString())...)
		case 5, 6:
			return Pattern(input, texts(genPattern())...)
		case 7:
			return IntegerEquals(input, rapid.SliceOfN(number, 1, 3).Draw(t, "integers")...)
		case 8:
			var list [][2]int64
			for range rapid.IntRange(1, 3).Draw(t, "ranges") {
				least := number.Draw(t, "least")
				list = append(list, [2]int64{least, least + rapid.Int64Range(0, 3).Draw(t, "more")})
			}
			return IntegerRange(input, list...)
		case 9:
			var list []netip.Prefix
			for range rapid.IntRange(1, 3).Draw(t, "prefixes") {
				list = append(list, netip.PrefixFrom(genAddress().Draw(t, "address"), rapid.IntRange(0, 32).Draw(t, "bits")))
			}
			return AddressPrefix(input, list...)
		case 10:
			return EqualsInput(input, inputs()...)
		case 11:
			return PrefixInput(input, inputs()...)
		case 12:
			return SuffixInput(input, inputs()...)
		case 13, 14:
			return Regexp(input, texts(rapid.StringMatching(`(\^|\(\?i\))?([aA.]|\[ab\]|b[*?]|\(a\|B\)){0,3}\$?`))...)
		default:
			return IntegerEqualsInput(input, inputs()...)
		}
	})
}

func genAddress() *rapid.Generator[netip.Addr] {
	return rapid.Custom(func(t *rapid.T) netip.Addr {
		if rapid.Bool().Draw(t, "v4") {
			return netip.AddrFrom4([4]byte{10, 0, 0, rapid.Byte().Draw(t, "host")})
		}
		return netip.AddrFrom16([16]byte{0: 0xfe, 15: rapid.Byte().Draw(t, "host")})
	})
}

// genExpr draws conditions of the given criteria.
func genExpr(leaf *rapid.Generator[Expr], depth int) *rapid.Generator[Expr] {
	return rapid.Custom(func(t *rapid.T) Expr {
		if depth == 0 {
			return leaf.Draw(t, "criterion")
		}
		parts := func() []Expr { return rapid.SliceOfN(genExpr(leaf, depth-1), 1, 3).Draw(t, "parts") }
		switch rapid.IntRange(0, 8).Draw(t, "node") {
		case 0, 1:
			return And(parts()...)
		case 2, 3:
			return Or(parts()...)
		case 4:
			return Not(genExpr(leaf, depth-1).Draw(t, "part"))
		case 5:
			return genExpr(leaf, depth-1).Draw(t, "part").Fold()
		case 6:
			return genExpr(leaf, depth-1).Draw(t, "part").All()
		case 7:
			return genExpr(leaf, depth-1).Draw(t, "part").From(rapid.IntRange(0, 9).Draw(t, "line"), rapid.StringMatching(`[a-z]{0,2}`).Draw(t, "text"))
		default:
			return leaf.Draw(t, "criterion")
		}
	})
}

// A model is what a file says.
type model struct {
	header    Header
	instances []modelInstance
}

type modelInstance struct {
	id     ID
	expr   Expr
	origin *Origin
}

func genModel() *rapid.Generator[model] {
	return rapid.Custom(func(t *rapid.T) model {
		m := model{header: Header{
			Channel:        rapid.Uint32Range(0, MaxNumber).Draw(t, "channel"),
			Revision:       rapid.Uint32Range(0, MaxNumber).Draw(t, "revision"),
			Type:           rapid.Uint32().Draw(t, "type"),
			TypeVersion:    rapid.Uint32Range(0, MaxNumber).Draw(t, "type version"),
			InputsDeclared: testInputs,
			Created:        rapid.Uint64Range(0, MaxCreated).Draw(t, "created"),
		}}
		traced := rapid.Bool().Draw(t, "provenance")
		text := rapid.StringMatching(`[aé]{0,2}`)
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 1<<16-1), 0, 6, rapid.ID[int]).Draw(t, "ids") {
			inst := modelInstance{id: testID(n), expr: genExpr(genCriterion(), 3).Draw(t, "condition")}
			if traced {
				inst.origin = &Origin{text.Draw(t, "rule"), text.Draw(t, "title"), text.Draw(t, "author"), text.Draw(t, "licence"), text.Draw(t, "path"), rapid.IntRange(0, 99).Draw(t, "line")}
			}
			m.instances = append(m.instances, inst)
		}
		return m
	})
}

// build encodes a model that a generator drew.
func (m model) build(t *rapid.T) *File {
	t.Helper()
	b := NewBuilder(m.header)
	for _, inst := range m.instances {
		if err := b.Add(inst.id, inst.expr, inst.origin); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return encoded(t, b)
}

// What the Builder makes can be read, is in normal form (which encoded
// demands), and encodes to itself.
func TestBuilderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genModel().Draw(t, "model").build(t)
		again, err := Encode(f)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if !bytes.Equal(again, f.Data()) {
			t.Fatalf("Encode of a file in normal form is another file:\n% x\n% x", f.Data(), again)
		}
	})
}

// One model has one file: neither the order of the instances matters, nor how
// their conditions are spelled.
func TestBuilderSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genModel().Draw(t, "model")
		want := m.build(t).Data()
		m.instances = rapid.Permutation(m.instances).Draw(t, "order")
		for i := range m.instances {
			m.instances[i].expr = respelled(t, m.instances[i].expr)
		}
		if got := m.build(t).Data(); !bytes.Equal(got, want) {
			t.Fatalf("the same model in other words is another file:\n% x\n% x", want, got)
		}
	})
}

// respelled says the same as e in other words.
func respelled(t *rapid.T, e Expr) Expr {
	n := *e.node
	switch n.kind {
	case nodeCriterion:
		n.values = shuffled(t, n.values)
		n.inputs = shuffled(t, n.inputs)
		e = Expr{&n}
	case nodeAnd, nodeOr:
		var parts []Expr
		for _, p := range shuffled(t, n.parts) {
			parts = append(parts, respelled(t, p))
		}
		join, dual := And, Or
		if n.kind == nodeOr {
			join, dual = Or, And
		}
		switch rapid.IntRange(0, 3).Draw(t, "spelling") {
		case 0:
			cut := rapid.IntRange(1, len(parts)).Draw(t, "cut")
			parts = append([]Expr{join(parts[:cut]...)}, parts[cut:]...)
			e = join(parts...)
		case 1:
			for i, p := range parts {
				parts[i] = Not(p)
			}
			e = Not(dual(parts...))
		default:
			e = join(parts...)
		}
	default:
		n.parts = []Expr{respelled(t, n.parts[0])}
		e = Expr{&n}
	}
	switch rapid.IntRange(0, 5).Draw(t, "around") {
	case 0:
		e = Not(Not(e))
	case 1:
		e = And(e)
	case 2:
		e = Or(e, e)
	}
	return e
}

// shuffled returns the list in another order, and some of it twice.
func shuffled[T any](t *rapid.T, list []T) []T {
	if len(list) == 0 {
		return nil
	}
	out := rapid.Permutation(list).Draw(t, "order")
	if rapid.Bool().Draw(t, "twice") {
		out = append(out, rapid.SampledFrom(list).Draw(t, "what is there twice"))
	}
	return out
}

// A condition has the truth table of the expression that it was built from.
func TestBuilderTruthTable(t *testing.T) {
	const leaves = 5 // distinct, and such that nothing gives way to nothing
	leaf := rapid.Custom(func(t *rapid.T) Expr { return Exists(rapid.IntRange(0, leaves-1).Draw(t, "criterion")) })
	rapid.Check(t, func(t *rapid.T) {
		e := genExpr(leaf, 4).Draw(t, "condition")
		b := NewBuilder(Header{InputsDeclared: leaves})
		if err := b.Add(testID(1), e, nil); err != nil {
			t.Fatalf("%v", err)
		}
		f := encoded(t, b)
		for truths := range 1 << leaves {
			holds := func(c testCriterion) bool { return truths>>c.input&1 != 0 }
			want, got := exprHolds(e, 0, holds), fileHolds(f, 0, holds)
			if want != got {
				t.Fatalf("with the truths %05b the expression is %v, but %s is %v", truths, want, conditionText(f, 0), got)
			}
		}
	})
}

// Criteria that gave way to others hold of the same events.
func TestBuilderMeaning(t *testing.T) {
	value := rapid.OneOf(
		rapid.StringMatching(`[aAbB*?\\]{0,5}`),
		rapid.StringMatching(`-?[0-9]{1,2}`),
		rapid.Map(genAddress(), netip.Addr.String),
	)
	rapid.Check(t, func(t *rapid.T) {
		e := genExpr(genCriterion(), 2).Draw(t, "condition")
		b := NewBuilder(Header{InputsDeclared: testInputs})
		if err := b.Add(testID(1), e, nil); err != nil {
			t.Fatalf("%v", err)
		}
		f := encoded(t, b)
		for range 8 {
			var event [testInputs]*string
			for i := range event {
				event[i] = rapid.Ptr(value, true).Draw(t, "value")
			}
			holds := func(c testCriterion) bool { return c.holds(event[:]) }
			want, got := exprHolds(e, 0, holds), fileHolds(f, 0, holds)
			if want != got {
				t.Fatalf("the expression is %v, but %s is %v", want, conditionText(f, 0), got)
			}
		}
	})
}

// An extracted instance conforms, keeps what it says of itself, and holds for the
// same events. So does a criterion.
func TestExtract(t *testing.T) {
	value := rapid.OneOf(
		rapid.StringMatching(`[aAbB*?\\]{0,5}`),
		rapid.StringMatching(`-?[0-9]{1,2}`),
		rapid.Map(genAddress(), netip.Addr.String),
	)
	conforming := func(t *rapid.T, data []byte, err error) *File {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if broken := f.Conformance(); broken != 0 || f.Instances() != 1 {
			t.Fatalf("the file has %d instances and breaks %b", f.Instances(), broken)
		}
		for i := range f.Programs() {
			if differs := f.CompareProgram(i); differs != "" {
				t.Fatal(differs)
			}
		}
		return f
	}
	rapid.Check(t, func(t *rapid.T) {
		f := genModel().Draw(t, "model").build(t)
		if f.Instances() == 0 {
			return
		}
		i := rapid.IntRange(0, f.Instances()-1).Draw(t, "instance")
		data, err := f.Extract(i)
		one := conforming(t, data, err)
		if one.Instance(0).ID != f.Instance(i).ID || one.HasProvenance() != f.HasProvenance() || f.HasProvenance() && one.Origin(0) != f.Origin(i) {
			t.Fatalf("instance %v of %v became %v of %v", f.Instance(i).ID, f.Origin(i), one.Instance(0).ID, one.Origin(0))
		}
		k := rapid.IntRange(0, f.Criteria()-1).Draw(t, "criterion")
		data, err = f.ExtractCriterion(k, testID(1))
		alone := conforming(t, data, err)
		for _, g := range []*File{one, alone} {
			want := f.Header
			want.Created, want.InputsRead, want.FileSize, want.SectionCount = 0, g.Header.InputsRead, g.Header.FileSize, g.Header.SectionCount
			if g.Header != want {
				t.Fatalf("the header %+v became %+v", f.Header, g.Header)
			}
		}
		for range 8 {
			var event [testInputs]*string
			for i := range event {
				event[i] = rapid.Ptr(value, true).Draw(t, "value")
			}
			holds := func(c testCriterion) bool { return c.holds(event[:]) }
			if want, got := fileHolds(f, i, holds), fileHolds(one, 0, holds); want != got {
				t.Fatalf("%s is %v, extracted it is %v: %s", conditionText(f, i), want, got, conditionText(one, 0))
			}
			if want, got := holds(criterionOf(f, k)), fileHolds(alone, 0, holds); want != got {
				t.Fatalf("criterion %d is %v, extracted it is %v: %s", k, want, got, conditionText(alone, 0))
			}
		}
	})
}

// criterionOf returns criterion i of a file.
func criterionOf(f *File, i int) testCriterion {
	c := f.Criterion(i)
	tc := testCriterion{operator: c.Operator, flags: c.Flags, input: int(c.Input), inputs: slices.Collect(f.OperandInputs(c))}
	for v := range f.OperandValues(c) {
		tc.values = append(tc.values, string(v))
	}
	for p := range f.OperandPrograms(c) {
		tc.values = append(tc.values, p.Source())
	}
	return tc
}

// A testCriterion is a criterion of an expression or of a file, as plain as
// can be.
type testCriterion struct {
	operator Operator
	flags    Flags
	input    int
	values   []string
	inputs   []int
}

// exprHolds evaluates an expression as it was written.
func exprHolds(e Expr, flags Flags, holds func(testCriterion) bool) bool {
	n := e.node
	part := func(p Expr) bool { return exprHolds(p, flags, holds) }
	switch n.kind {
	case nodeCriterion:
		return holds(testCriterion{n.operator, flags | n.flags, n.input, n.values, n.inputs})
	case nodeAnd:
		return !slices.ContainsFunc(n.parts, func(p Expr) bool { return !part(p) })
	case nodeOr:
		return slices.ContainsFunc(n.parts, part)
	case nodeNot:
		return !part(n.parts[0])
	case nodeFold:
		flags |= FlagFold
	case nodeAll:
		flags |= FlagAll
	}
	return part(n.parts[0])
}

// fileHolds evaluates the condition of instance i.
func fileHolds(f *File, i int, holds func(testCriterion) bool) bool {
	inst := f.Instance(i)
	var stack []bool
	for k := inst.First; k < inst.First+inst.Count; k++ {
		w := f.Word(k)
		if w.IsReference() {
			stack = append(stack, holds(criterionOf(f, w.Criterion())) != w.Negated())
			continue
		}
		base := len(stack) - w.Operands()
		truth := slices.Contains(stack[base:], true)
		if w.IsAnd() {
			truth = !slices.Contains(stack[base:], false)
		}
		stack = append(stack[:base], truth)
	}
	return !slices.Contains(stack, false)
}

// holds evaluates the criterion on an event of ASCII values.
func (c testCriterion) holds(event []*string) bool {
	value := event[c.input]
	if value == nil {
		return false
	}
	if c.operator == OpExists {
		return true
	}
	var truths []bool
	for _, in := range c.inputs {
		truths = append(truths, event[in] != nil && c.compare(*value, *event[in]))
	}
	for _, v := range c.values {
		truths = append(truths, c.compare(*value, v))
	}
	if c.flags&FlagAll != 0 {
		return !slices.Contains(truths, false)
	}
	return slices.Contains(truths, true)
}

func (c testCriterion) compare(value, operand string) bool {
	if c.flags&FlagFold != 0 && c.operator <= OpPattern {
		value, operand = strings.ToLower(value), strings.ToLower(operand)
	}
	switch c.operator {
	case OpEquals:
		return value == operand
	case OpPrefix:
		return strings.HasPrefix(value, operand)
	case OpSuffix:
		return strings.HasSuffix(value, operand)
	case OpContains:
		return strings.Contains(value, operand)
	case OpPattern:
		return matches(operand, value)
	case OpRegexp:
		matched, err := regexp.MatchString(operand, value)
		return err == nil && matched
	case OpIntegerEquals, OpIntegerRange:
		number, ok := strictInteger(value)
		if c.inputs != nil {
			other, otherOK := strictInteger(operand)
			return ok && otherOK && number == other
		}
		least := Value(operand).Integer()
		greatest := least
		if c.operator == OpIntegerRange {
			_, greatest = Value(operand).IntegerRange()
		}
		return ok && least <= number && number <= greatest
	case OpAddressRange:
		a, err := netip.ParseAddr(value)
		bytes := a.As16()
		return err == nil && operand[:16] <= string(bytes[:]) && string(bytes[:]) <= operand[16:]
	}
	panic(fmt.Sprintf("operator %v", c.operator))
}

func strictInteger(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}

// Whatever can be read is either refused by Encode, or becomes a file in
// normal form.
func TestEncodeDamaged(t *testing.T) {
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		data := bytes.Clone(genModel().Draw(t, "model").build(t).Data())
		table := headerSize + len(sectionsBase)*recordSize + digestSize
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			if table < len(data) {
				at := rapid.IntRange(table, len(data)-1).Draw(t, "at")
				data[at] = byte(rapid.IntRange(0, 255).Draw(t, "byte"))
			}
		}
		f, err := Parse(data)
		if err != nil {
			return
		}
		read++
		once, err := Encode(f)
		if err != nil {
			return
		}
		g, err := Parse(once)
		if err != nil {
			t.Fatalf("what Encode makes cannot be read: %v", err)
		}
		if broken := g.Conformance(); broken != 0 || !ownPrograms(g) {
			t.Fatalf("what Encode makes breaks rules %b; that its programs are their sources' is %v", broken, ownPrograms(g))
		}
		twice, err := Encode(g)
		if err != nil || !bytes.Equal(twice, once) {
			t.Fatalf("Encode of what Encode makes is another file, %v", err)
		}
		if f.Conformance() == 0 && ownPrograms(f) && !bytes.Equal(once, data) {
			t.Fatalf("the file breaks no rule, yet Encode makes another of it")
		}
	})
	if read == 0 {
		t.Error("no damaged file could be read, so nothing was tested")
	}
}
