package channelfile

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile/internal/casefold"
)

// An Expr is a condition for a [Builder], or a part of one. It consists of
// criteria joined by [And], [Or] and [Not]. It need not be in normal form.
// [Builder.Add] reports errors in an Expr, such as a criterion without
// operands.
//
// Inputs are numbered from 0. An Expr never changes, and may be part of several
// others. The zero Expr is an empty condition, which Add rejects.
type Expr struct{ node *node }

// The caps on the expression of one instance limit the time and the stack of
// its normalisation. They are wider than the limits of the format, which apply
// to the normal form.
const (
	maxExprDepth = 1 << 14 // nesting of calls, such as Or in Or
	maxExprSize  = 1 << 24 // calls and operands; a part that occurs twice counts twice
)

// A node is one call of a constructor or method of Expr.
type node struct {
	kind  nodeKind
	depth int // 1 for a criterion; at most maxExprDepth + 1
	size  int // at most maxExprSize + 1

	// fields of a criterion
	operator Operator
	flags    Flags
	input    int
	values   []string // operands, each in the form of the pool of a file, but not folded
	inputs   []int    // operands, if FlagInputs is set
	err      error    // an error found by the constructor
	shared   bool     // true if many instances use this node, so that caching its criteria pays off

	parts []Expr // the parts of an and or an or, or the only part of another node
	line  int    // line and text of a nodeFrom
	text  string
}

type nodeKind uint8

const (
	nodeCriterion nodeKind = iota
	nodeAnd
	nodeOr
	nodeNot
	nodeFold
	nodeAll
	nodeFrom
)

func criterion(n *node) Expr {
	n.depth = 1
	n.size = min(1+len(n.values)+len(n.inputs), maxExprSize+1)
	return Expr{n}
}

func (n *node) with(parts ...Expr) Expr {
	n.parts = parts
	n.depth, n.size = 1, 1
	for _, p := range parts {
		if p.node != nil {
			n.depth = max(n.depth, p.node.depth+1)
			n.size += p.node.size
		}
		// Cap the size inside the loop, because the sum of many sizes could
		// overflow.
		n.size = min(n.size, maxExprSize+1)
	}
	n.depth = min(n.depth, maxExprDepth+1)
	return Expr{n}
}

func stringCriterion(op Operator, input int, operands []string) Expr {
	return criterion(&node{operator: op, input: input, values: slices.Clone(operands)})
}

// Exists holds if the input is present. An empty value is present.
func Exists(input int) Expr { return criterion(&node{operator: OpExists, input: input}) }

// Equals holds if the value is one of the operands.
func Equals(input int, operands ...string) Expr { return stringCriterion(OpEquals, input, operands) }

// Prefix holds if the value starts with one of the operands.
func Prefix(input int, operands ...string) Expr { return stringCriterion(OpPrefix, input, operands) }

// Suffix holds if the value ends with one of the operands.
func Suffix(input int, operands ...string) Expr { return stringCriterion(OpSuffix, input, operands) }

// Contains holds if one of the operands occurs in the value.
func Contains(input int, operands ...string) Expr {
	return stringCriterion(OpContains, input, operands)
}

// Pattern holds if one of the wildcard patterns matches the whole value. A *
// matches any number of runes, and a ? matches one rune. A backslash before a
// *, a ? or another backslash makes that character literal. A backslash before
// any other character is an error.
func Pattern(input int, operands ...string) Expr { return stringCriterion(OpPattern, input, operands) }

// Regexp holds if one of the regular expressions matches a part of the value.
// [CompileRegexp] describes their syntax. Matching is case-sensitive, also
// after [Expr.Fold]. To ignore case, write (?i) into the expression.
func Regexp(input int, operands ...string) Expr { return stringCriterion(OpRegexp, input, operands) }

// IntegerEquals holds if the value is one of the numbers.
func IntegerEquals(input int, operands ...int64) Expr {
	n := &node{operator: OpIntegerEquals, input: input}
	for _, v := range operands {
		n.values = append(n.values, string(le.AppendUint64(nil, uint64(v))))
	}
	return criterion(n)
}

// IntegerRange holds if the value is a number in one of the ranges. A range is
// its least and its greatest number, both included.
func IntegerRange(input int, operands ...[2]int64) Expr {
	n := &node{operator: OpIntegerRange, input: input}
	for _, r := range operands {
		v := le.AppendUint64(nil, uint64(r[0]))
		n.values = append(n.values, string(le.AppendUint64(v, uint64(r[1]))))
	}
	return criterion(n)
}

// AddressRange holds if the value is an address in one of the ranges. A range
// is its first and its last address, both included. An IPv4 address is compared
// as the IPv6 address that it is mapped to.
func AddressRange(input int, operands ...[2]netip.Addr) Expr {
	n := &node{operator: OpAddressRange, input: input}
	for _, r := range operands {
		for _, a := range r {
			switch {
			case !a.IsValid():
				n.err = fmt.Errorf("address range without an address: give its first and its last address")
			case a.Zone() != "":
				n.err = fmt.Errorf("address %v has the zone %q: a channel file compares addresses without zones", a, a.Zone())
			}
		}
		first, last := r[0].As16(), r[1].As16()
		n.values = append(n.values, string(first[:])+string(last[:]))
	}
	return criterion(n)
}

// AddressPrefix holds if the value is an address in one of the networks, such
// as 10.0.0.0/8. It ignores the bits after the length of the prefix.
func AddressPrefix(input int, operands ...netip.Prefix) Expr {
	ranges := make([][2]netip.Addr, len(operands))
	for i, p := range operands {
		if !p.IsValid() {
			continue // the range stays without an address, which Add reports
		}
		p = p.Masked()
		first := p.Addr()
		bits := p.Bits()
		if first.Is4() {
			bits += 128 - 32
		}
		last := first.As16()
		for bit := bits; bit < 128; bit++ {
			last[bit/8] |= 0x80 >> (bit % 8)
		}
		ranges[i] = [2]netip.Addr{first, netip.AddrFrom16(last)}
	}
	return AddressRange(input, ranges...)
}

func inputCriterion(op Operator, input int, operands []int) Expr {
	return criterion(&node{operator: op, flags: FlagInputs, input: input, inputs: slices.Clone(operands)})
}

// EqualsInput holds if the value equals the value of one of the other inputs.
func EqualsInput(input int, operands ...int) Expr { return inputCriterion(OpEquals, input, operands) }

// PrefixInput holds if the value starts with the value of one of the other
// inputs.
func PrefixInput(input int, operands ...int) Expr { return inputCriterion(OpPrefix, input, operands) }

// SuffixInput holds if the value ends with the value of one of the other
// inputs.
func SuffixInput(input int, operands ...int) Expr { return inputCriterion(OpSuffix, input, operands) }

// IntegerEqualsInput holds if the value and the value of one of the other
// inputs are the same number.
func IntegerEqualsInput(input int, operands ...int) Expr {
	return inputCriterion(OpIntegerEquals, input, operands)
}

// And holds if all parts hold. It needs at least one part.
func And(parts ...Expr) Expr { return (&node{kind: nodeAnd}).with(slices.Clone(parts)...) }

// Or holds if one of the parts holds. It needs at least one part.
func Or(parts ...Expr) Expr { return (&node{kind: nodeOr}).with(slices.Clone(parts)...) }

// Not holds if e does not hold.
func Not(e Expr) Expr { return (&node{kind: nodeNot}).with(e) }

// Fold returns e with string comparisons that ignore case: each rune is
// compared by its [Fold]. Regular expressions do not change.
func (e Expr) Fold() Expr { return (&node{kind: nodeFold}).with(e) }

// All returns e with criteria that hold only if they hold for all of their
// operands. Without All, one operand is enough.
func (e Expr) All() Expr { return (&node{kind: nodeAll}).with(e) }

// From returns e with a source line and the author's text for each of its
// criteria. A criterion that already has them keeps them. Lines count from 1; 0
// means that the line is unknown.
func (e Expr) From(line int, text string) Expr {
	return (&node{kind: nodeFrom, line: line, text: text}).with(e)
}

// A simpleCriterion uses the simplest operator by the list in FORMAT.md. The
// number and the order of its operands need not be in normal form yet. The
// operands are values or, with FlagInputs, inputs.
type simpleCriterion struct {
	operator Operator
	flags    Flags
	input    int
	values   []string
	inputs   []int
}

// simplify appends at least one criterion to dst. Together they mean the same
// as the criterion n with the given flags added. With FlagAll all of them must
// hold, otherwise one of them.
//
// An operand such as the empty prefix holds for every value that exists. If one
// operand is enough, it makes the criterion the same as exists. If all operands
// must hold, simplify omits it.
func (n *node) simplify(dst []simpleCriterion, flags Flags) ([]simpleCriterion, error) {
	if n.err != nil {
		return nil, n.err
	}
	flags = n.flags | flags&operatorKinds[n.operator].flags
	s := simplifier{node: n, flags: flags, dst: dst, before: len(dst)}
	switch {
	case n.operator == OpExists:
		s.trivial = true
	case len(n.values)+len(n.inputs) == 0:
		return nil, fmt.Errorf("%v has nothing to compare with: give it at least one operand", n.operator)
	case flags&FlagInputs != 0:
		s.compareInputs()
	default:
		if err := s.compareValues(); err != nil {
			return nil, err
		}
	}
	if s.trivial && (flags&FlagAll == 0 || len(s.dst) == s.before) {
		return append(dst, simpleCriterion{operator: OpExists, input: n.input}), nil
	}
	return s.dst, nil
}

type simplifier struct {
	*node
	flags   Flags
	dst     []simpleCriterion
	before  int  // length of dst before the first criterion of this node
	trivial bool // whether an operand holds for every value
}

// add appends a criterion to the result. If the result already has a criterion
// for the operator and the input, add appends only the operand.
func (s *simplifier) add(operator Operator, flags Flags, input int, value string, other int) {
	i := s.before
	for i < len(s.dst) && (s.dst[i].operator != operator || s.dst[i].input != input) {
		i++
	}
	if i == len(s.dst) {
		s.dst = append(s.dst, simpleCriterion{operator: operator, flags: flags, input: input})
	}
	c := &s.dst[i]
	if flags&FlagInputs != 0 {
		c.inputs = append(c.inputs, other)
	} else {
		c.values = append(c.values, value)
	}
}

// compareInputs simplifies a criterion whose operands are inputs.
func (s *simplifier) compareInputs() {
	symmetric := s.operator == OpEquals || s.operator == OpIntegerEquals
	for _, other := range s.inputs {
		switch {
		case other == s.input && s.operator == OpIntegerEquals:
			// This holds for numbers only, so it is not the same as exists.
			s.add(OpIntegerRange, s.flags&^FlagInputs, s.input, anyInteger, 0)
		case other == s.input:
			s.trivial = true
		case other < s.input && symmetric:
			s.add(s.operator, s.flags, other, "", s.input)
		default:
			s.add(s.operator, s.flags, s.input, "", other)
		}
	}
}

// anyInteger is the operand for the range of all integers.
const anyInteger = "\x00\x00\x00\x00\x00\x00\x00\x80" + "\xff\xff\xff\xff\xff\xff\xff\x7f"

// compareValues simplifies a criterion whose operands are values.
func (s *simplifier) compareValues() error {
	if s.flags&FlagFold == 0 && (s.operator == OpEquals || s.operator == OpIntegerEquals || s.operator == OpRegexp) {
		// These operators are already the simplest. Their lists may be long.
		s.dst = append(s.dst, simpleCriterion{operator: s.operator, flags: s.flags, input: s.input, values: s.values})
		return nil
	}
	for _, given := range s.values {
		v := given
		if s.flags&FlagFold != 0 {
			v = foldString(v)
		}
		op := s.operator
		switch op {
		case OpPattern:
			form, ok := patternForm([]byte(v))
			if !ok {
				return fmt.Errorf("pattern %.200q has a backslash before something other than *, ? or a backslash: write a literal backslash as two", given)
			}
			if form == patternRun {
				v = canonicalRuns(v)
				form, _ = patternForm([]byte(v))
			}
			if op = formOperator[form]; op != OpPattern {
				v = patternLiteral(v)
			}
		case OpIntegerRange:
			least, greatest := Value(v).IntegerRange()
			if least > greatest {
				return fmt.Errorf("integer range from %d to %d never holds: its end is before its start", least, greatest)
			}
			if least == greatest {
				op, v = OpIntegerEquals, v[:8]
			}
		case OpAddressRange:
			if v[:16] > v[16:] {
				first, last := Value(v).AddressRange()
				return fmt.Errorf("address range from %v to %v never holds: its end is before its start", first, last)
			}
		}
		if v == "" && op != OpEquals || op == OpExists {
			s.trivial = true
			continue
		}
		s.add(op, s.flags, s.input, v, 0)
	}
	return nil
}

// formOperator maps the form of a pattern to the simplest operator for it.
var formOperator = [...]Operator{
	patternNoWildcard: OpEquals,
	patternPrefix:     OpPrefix,
	patternSuffix:     OpSuffix,
	patternContains:   OpContains,
	patternExists:     OpExists,
	patternProper:     OpPattern,
}

func foldString(s string) string {
	if casefold.IsFolded([]byte(s)) {
		return s
	}
	return string(AppendFold(nil, []byte(s)))
}
