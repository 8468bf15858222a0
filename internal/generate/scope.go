package generate

import (
	"net/netip"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Scope is a small world of conditions over two inputs, and of values of these inputs. A
// judge can decide questions about such conditions by trying each value.
type Scope struct {
	Name   string
	Types  []sensor.InputType
	Values [][]interp.Value // by input; the first value is absence, and short texts come first
	Few    int              // number of values of an input that a slow judge can try

	// Fragment is true if the solver of package sensor/meaning must answer each question.
	Fragment bool
	// Letters is the largest number of letters of a text in Values, if these are all texts of
	// some letters and the operands lack one of the letters. 0 means that they are not. Values
	// of another type must have the ends of all ranges, and their neighbours.
	Letters int

	criterion func(g *Generator, in at) channelfile.Expr
}

// Scopes returns the scopes. They have literals, letters that fold, texts that are not valid
// UTF-8, regular expressions, numbers, addresses and comparisons of inputs.
func Scopes() []*Scope {
	ab, digits, cases := []string{"a", "b"}, []string{"1", "2"}, []string{"a", "A", "b"}
	text := func(values []interp.Value, few int) (s Scope) {
		s.Types = []sensor.InputType{sensor.TypeString, sensor.TypeString}
		s.Values, s.Few = [][]interp.Value{values, values}, few
		return s
	}
	named := func(s Scope, name string, fragment bool, letters int, criterion func(g *Generator, in at) channelfile.Expr) *Scope {
		s.Name, s.Fragment, s.Letters, s.criterion = name, fragment, letters, criterion
		return &s
	}
	of := func(t sensor.InputType, values []interp.Value) (s Scope) {
		s.Types, s.Values, s.Few = []sensor.InputType{t, t}, [][]interp.Value{values, values}, len(values)
		return s
	}
	mixed := func() (s Scope) {
		s.Types = []sensor.InputType{sensor.TypeString, sensor.TypeInteger}
		s.Values, s.Few = [][]interp.Value{textsOf(6, "1", "2", "3"), numbersNear}, len(numbersNear)
		return s
	}
	literals := func(letters []string, more ...string) func(g *Generator, in at) channelfile.Expr {
		return func(g *Generator, in at) channelfile.Expr { return g.literal(in, letters, more) }
	}
	sometimes := func(n int, a, b func(g *Generator, in at) channelfile.Expr) func(g *Generator, in at) channelfile.Expr {
		return func(g *Generator, in at) channelfile.Expr {
			if g.one(n) {
				return a(g, in)
			}
			return b(g, in)
		}
	}
	return []*Scope{
		named(text(textsOf(4, "a", "b"), 32), "literals of two letters", true, 0, literals(ab, "?", `\*`)),
		named(text(textsOf(6, "1", "2", "3"), 41), "literals of two digits of three", true, 6, literals(digits)),
		named(text(textsOf(5, "a", "A", "b", "B", "c"), 32), "case", true, 5, literals(cases)),
		named(text(textsOf(3, "k", "\u212a", "\xff", "\uFFFD"), 86), "runes with three cases, and bytes that are no UTF-8", true, 0, literals([]string{"k", "\u212a", "\uFFFD"}, "?", `\*`)),
		named(text(textsOf(3, "k", "\xe2", "\x84", "\xaa"), 86), "operands that are no UTF-8", false, 0, literals([]string{"k", "\u212a", "\xe2", "\xff", "\x7f"}, "?", `\*`)),
		named(text(textsOf(4, "a", "b", "\n"), 122), "expressions", true, 0, sometimes(3, literals(ab, "?", `\*`), func(g *Generator, in at) channelfile.Expr {
			return channelfile.Regexp(in.index, pick(g, smallExpressions...))
		})),
		named(text(numberTexts, len(numberTexts)), "numbers in texts", true, 0, sometimes(3, literals([]string{"0", "1", "9", "-"}, "?", `\*`), (*Generator).numbers)),
		named(of(sensor.TypeInteger, numbersNear), "numbers", true, 1, (*Generator).numbers),
		named(of(sensor.TypeAddress, addressesNear), "addresses", true, 1, (*Generator).network),
		named(mixed(), "a text and a number", true, 6, func(g *Generator, in at) channelfile.Expr {
			if in.first {
				return g.literal(in, digits, nil)
			}
			return g.numbers(in)
		}),
		named(text(addressTexts, len(addressTexts)), "addresses in texts", false, 0, sometimes(3, literals([]string{"1", "10.0.0.", "2001:", "a"}, "?", `\*`), (*Generator).network)),
		named(text(textsOf(3, "a", "A", "1"), 41), "comparisons of inputs", false, 0, func(g *Generator, in at) channelfile.Expr {
			switch g.Intn(6) {
			case 0:
				return g.flags(channelfile.EqualsInput(in.index, in.other))
			case 1:
				return g.flags(channelfile.PrefixInput(in.index, in.other))
			case 2:
				return channelfile.IntegerEqualsInput(in.index, in.other)
			}
			return g.literal(in, []string{"a", "A", "1"}, []string{"?", `\*`})
		}),
	}
}

// An at is a place for a criterion: an input, and the other input.
type at struct {
	first        bool // whether the input is the first of the scope
	index, other int
}

// Condition returns a random condition. Index has the index of each input of the scope in the
// template type; without it, the inputs are 0 and 1. The same generator gives the same
// condition for each index. Most criteria are on the first input, so that they have something
// to do with each other.
func (s *Scope) Condition(g *Generator, depth int, index ...int) channelfile.Expr {
	if index == nil {
		index = []int{0, 1}
	}
	if depth == 0 || g.one(3) {
		if g.one(5) {
			return s.criterion(g, at{false, index[1], index[0]})
		}
		return s.criterion(g, at{true, index[0], index[1]})
	}
	parts := make([]channelfile.Expr, 2+g.Intn(2))
	for i := range parts {
		parts[i] = s.Condition(g, depth-1, index...)
		if g.one(3) {
			parts[i] = channelfile.Not(parts[i])
		}
	}
	if g.one(2) {
		return channelfile.Or(parts...)
	}
	return channelfile.And(parts...)
}

// textsOf returns absence, and all texts of at most n letters, the short ones first.
func textsOf(n int, letters ...string) []interp.Value {
	list := []interp.Value{{}}
	last := []string{""}
	for range n + 1 {
		var next []string
		for _, s := range last {
			list = append(list, interp.Text(s))
			for _, c := range letters {
				next = append(next, s+c)
			}
		}
		last = next
	}
	return list
}

// valuesOf returns absence, and the given texts.
func valuesOf(texts ...string) []interp.Value {
	list := []interp.Value{{}}
	for _, s := range texts {
		list = append(list, interp.Text(s))
	}
	return list
}

var numberTexts = valuesOf("", "-", "0", "00", "-0", "1", "2", "9", "10", "11", "19", "20", "99", "100", "-1", "-9", "-10", "-11", "-100", "a", "1a", "9223372036854775807", "-9223372036854775808", "9223372036854775808")

var addressTexts = valuesOf("", "10.0.0.0", "10.0.0.1", "10.0.0.255", "10.0.1.0", "::ffff:10.0.0.1", "2001:db8::1", "a", "10.0.0.01")

// rangeEnds are the ends of random ranges of integers.
var rangeEnds = []int64{-1 << 63, -100, -11, -10, -9, -1, 0, 1, 9, 10, 11, 99, 1<<63 - 1}

// numbersNear are absence, the ends of ranges, and their neighbours.
var numbersNear = func() []interp.Value {
	list := []interp.Value{{}}
	seen := map[int64]bool{}
	for _, end := range rangeEnds {
		for _, n := range []int64{end - 1, end, end + 1} { // they may wrap around
			if !seen[n] {
				seen[n] = true
				list = append(list, interp.Number(n))
			}
		}
	}
	return list
}()

// networks are the ranges of random criteria on addresses.
var networks = []string{"10.0.0.0/8", "10.0.0.0/24", "10.0.0.1/32", "10.0.1.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32"}

// addressesNear are absence, the ends of networks, and their neighbours.
var addressesNear = func() []interp.Value {
	list := []interp.Value{{}}
	seen := map[netip.Addr]bool{}
	for _, n := range networks {
		first := netip.MustParsePrefix(n).Addr().As16()
		length := netip.MustParsePrefix(n).Bits()
		if netip.MustParsePrefix(n).Addr().Is4() {
			length += 96
		}
		last := first
		for bit := length; bit < 128; bit++ {
			last[bit/8] |= 0x80 >> (bit % 8)
		}
		a, b := netip.AddrFrom16(first), netip.AddrFrom16(last)
		for _, addr := range []netip.Addr{a, b, a.Prev(), b.Next()} {
			if addr.IsValid() && !seen[addr] {
				seen[addr] = true
				list = append(list, interp.IP(addr))
			}
		}
	}
	return list
}()

var smallExpressions = []string{
	"", "a", "a*", "a+", "^a", "a$", "^a$", "^a+$", "a|b", "^(a|b)*$", "(ab)+", "^(ab)*$", ".", "^.$", "^..$", "^.*$", "(?s)^.$", "[^a]",
	`\ba`, `a\b`, `\Ba`, `a\Bb`, "(?m)^b$", "(?m)a$", "^$", "a{2}", "a{2,3}b", "(?i)A", "(?i)^aB$", `\d`, `^\w+$`, `\W`, "b$|^a", `\n`,
}

// literal returns a random criterion on a text with operands of one or two letters. More are
// letters of wildcard patterns, besides the star.
func (g *Generator) literal(in at, letters, more []string) channelfile.Expr {
	switch g.Intn(6) {
	case 0:
		return channelfile.Exists(in.index)
	case 1:
		return g.flags(channelfile.Equals(in.index, append(g.short(letters), "")[g.Intn(2):]...))
	case 2:
		return g.flags(channelfile.Prefix(in.index, g.short(letters)...))
	case 3:
		return g.flags(channelfile.Suffix(in.index, g.short(letters)...))
	case 4:
		return g.flags(channelfile.Contains(in.index, g.short(letters)...))
	}
	return g.flags(channelfile.Pattern(in.index, g.short(append(append([]string{"*"}, more...), letters...))...))
}

// short returns one to three texts of one or two letters.
func (g *Generator) short(letters []string) []string {
	list := make([]string, 1+g.Intn(3)*g.Intn(2))
	for i := range list {
		for range 1 + g.Intn(2) {
			list[i] += pick(g, letters...)
		}
	}
	return list
}

func (g *Generator) flags(e channelfile.Expr) channelfile.Expr {
	if g.one(2) {
		e = e.Fold()
	}
	if g.one(3) {
		e = e.All()
	}
	return e
}

// numbers returns a random criterion on a number.
func (g *Generator) numbers(in at) channelfile.Expr {
	if g.one(2) {
		return channelfile.IntegerEquals(in.index, pick(g, rangeEnds...), pick(g, rangeEnds...))
	}
	a, b := pick(g, rangeEnds...), pick(g, rangeEnds...)
	return channelfile.IntegerRange(in.index, [2]int64{min(a, b), max(a, b)})
}

// network returns a random criterion on an address.
func (g *Generator) network(in at) channelfile.Expr {
	return channelfile.AddressPrefix(in.index, netip.MustParsePrefix(pick(g, networks...)))
}
