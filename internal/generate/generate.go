// Package generate makes random channel files, definitions and contracts for tests and
// campaigns. They all come from one source of random numbers, so a seed always gives the same
// cases.
//
// The distribution favours boundaries: the last supplied input and the first missing one,
// values with common prefixes, operands of equal length, empty operands, runes of several
// bytes, and invalid UTF-8.
package generate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Generator makes random cases. Only one goroutine may use it at a time.
type Generator struct {
	r     *rand.Rand
	long  int  // number of calls of Long
	plain bool // use few regular expressions, because compiling them is slow
}

// New returns a generator with a seed.
func New(seed uint64) *Generator { return &Generator{r: rand.New(rand.NewPCG(seed, 0x291))} }

// Intn returns a random number from 0 to n-1.
func (g *Generator) Intn(n int) int { return g.r.IntN(n) }

// one returns true once in n times.
func (g *Generator) one(n int) bool { return g.r.IntN(n) == 0 }

func pick[T any](g *Generator, list ...T) T { return list[g.r.IntN(len(list))] }

// MaxInputs is the maximum number of inputs in a random definition.
const MaxInputs = 26

// MaxLength is the maximum length in bytes of each string in random definitions and contracts.
const MaxLength = 4096

// Definition returns a random definition of a template type.
func (g *Generator) Definition() *sensor.Definition {
	d := &sensor.Definition{Name: "drawn", Number: 2910, Version: 3, Channel: 291}
	n := pick(g, 1, 2, 5, 20, 21, 22, 1+g.r.IntN(MaxInputs))
	for i := range n {
		in := sensor.Input{Name: fmt.Sprintf("Field%d", i), Type: sensor.TypeString, MaxLength: MaxLength}
		if g.one(4) {
			in.Type, in.MaxLength = pick(g, sensor.TypeInteger, sensor.TypeAddress), 0
		}
		d.Inputs = append(d.Inputs, in)
	}
	return d
}

// eventIDs are the event IDs of random definitions and criteria.
var eventIDs = []int64{1, 2, 3, 4}

// feeds returns random feeds, "first" and "second", whose first input is the event ID. They state
// the fields of single events, or which events they have.
func (g *Generator) feeds(d *sensor.Definition) []sensor.Feed {
	var feeds []sensor.Feed
	for _, name := range []string{"first", "second"} {
		f := sensor.Feed{Name: name}
		for i, in := range d.Inputs {
			field := sensor.FeedField{Input: in.Name}
			switch {
			case i == 0:
				field.Field = "System/EventID"
			case g.one(10):
				field.Field = pick(g, "Data", "System/Computer")
			}
			f.Fields = append(f.Fields, field)
		}
		if g.one(3) {
			f.Events = []uint32{1, 3, 4}
		}
		for _, id := range eventIDs {
			if g.one(3) || len(f.Events) > 0 && !slices.Contains(f.Events, uint32(id)) {
				continue
			}
			k := sensor.EventKind{Events: []uint32{uint32(id)}}
			for _, field := range f.Fields {
				if field.Field == "" && !g.one(3) {
					k.Fields = append(k.Fields, field.Input)
				}
			}
			f.Kinds = append(f.Kinds, k)
		}
		f.Complete = len(f.Events)+len(f.Kinds) > 0 && g.one(2)
		feeds = append(feeds, f)
	}
	return feeds
}

// ofEvent returns a criterion on the event ID.
func (g *Generator) ofEvent(d *sensor.Definition) channelfile.Expr {
	n := 1 + g.r.IntN(2)
	if d.Inputs[0].Type == sensor.TypeInteger {
		return channelfile.IntegerEquals(0, pick(g, eventIDs...), int64(g.r.IntN(8)))
	}
	var list []string
	for range n {
		list = append(list, fmt.Sprint(g.r.IntN(8)))
	}
	return channelfile.Equals(0, list...)
}

var pieces = []string{"a", "b", "ab", "A", "Z", "z", "@", "[", "é", "É", "ß", "\u212A", "€", "\U0001F600", "\U00010400", `\`, "*", "?", ".", "-", "x", "\x00", " ", "1", "C:\\", "\xFF", "\xC3", "\x80"}

var words = []string{`\powershell.exe`, "-encodedcommand ", `C:\Windows\System32\`, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\x", "01234567", "0123456789ABCDEF"}

// text returns a random string of at most the given number of pieces.
func (g *Generator) text(most int) string {
	var b strings.Builder
	for range g.r.IntN(most + 1) {
		b.WriteString(pick(g, pieces...))
	}
	if g.one(30) { // longer than the unit that is compared at a time
		b.WriteString(pick(g, words...))
	}
	if g.one(50) {
		b.WriteString(strings.Repeat(pick(g, "a", "ab", "é"), 1+g.r.IntN(200)))
	}
	return b.String()
}

// texts returns random operands.
func (g *Generator) texts(most int) []string {
	list := make([]string, 1+g.r.IntN(3))
	for i := range list {
		list[i] = g.text(most)
		if i > 0 && g.one(3) {
			list[i] = list[0] + list[i]
		}
	}
	return list
}

func (g *Generator) integer() int64 {
	return pick(g, 0, 1, -1, 20, 21, 255, 256, math.MaxInt64, math.MinInt64, g.r.Int64(), int64(g.r.IntN(100)))
}

var expressions = []string{
	"", "a", "ab+", "(a|b)*c", `^a.{2,5}b$`, `(?i)é\w*`, `[^a-c]+x`, `\bab\b`, `(?m)^a$`, `(?s).`, `\d{3}`, "(|a)+", `a{0,20}b`, `[\x{100}-\x{10FFFF}]`, `.*\\[^\\]*$`, `(aa|ab|ba){3}`,
	`\b`, `\B`, `\b.\b`, `^.$`, `\A.\z`, `(?m)$`, `[[:word:]]`, `\W`,
}

// Criterion returns a random expression of one criterion on the inputs of a type.
func (g *Generator) Criterion(d *sensor.Definition) channelfile.Expr {
	input := g.r.IntN(len(d.Inputs))
	if g.one(3) {
		input = len(d.Inputs) - 1 // the last input is the one that is often missing
	}
	if g.one(8) {
		return channelfile.Exists(input)
	}
	if len(d.Feeds) > 0 && g.one(3) {
		return g.ofEvent(d)
	}
	e := g.of(d, input)
	if d.Inputs[input].Type == sensor.TypeString && g.one(2) {
		e = e.Fold()
	}
	if g.one(4) {
		e = e.All()
	}
	return e
}

func (g *Generator) of(d *sensor.Definition, input int) channelfile.Expr {
	integers := func() channelfile.Expr {
		if g.one(2) {
			return channelfile.IntegerEquals(input, g.integer(), g.integer())
		}
		a, b := g.integer(), g.integer()
		return channelfile.IntegerRange(input, [2]int64{min(a, b), max(a, b)})
	}
	addresses := func() channelfile.Expr {
		a := netip.AddrFrom4([4]byte{byte(g.r.IntN(3)), 0, byte(g.r.IntN(256)), 1})
		if g.one(3) {
			a = netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 15: byte(g.r.IntN(256))})
		}
		p, _ := a.Prefix(g.r.IntN(a.BitLen() + 1))
		return channelfile.AddressPrefix(input, p)
	}
	switch d.Inputs[input].Type {
	case sensor.TypeInteger:
		return integers()
	case sensor.TypeAddress:
		return addresses()
	}
	if others := g.alike(d, input); len(others) > 0 && g.one(6) {
		return pick(g, channelfile.EqualsInput, channelfile.PrefixInput, channelfile.SuffixInput, channelfile.IntegerEqualsInput)(input, others...)
	}
	switch g.r.IntN(9) {
	case 0:
		return channelfile.Prefix(input, g.texts(4)...)
	case 1:
		return channelfile.Suffix(input, g.texts(4)...)
	case 2:
		return channelfile.Contains(input, g.texts(3)...)
	case 3, 4:
		return channelfile.Pattern(input, g.patterns()...)
	case 5:
		if g.plain && !g.one(8) {
			break
		}
		return channelfile.Regexp(input, pick(g, expressions...), pick(g, expressions...))
	case 6:
		return integers()
	case 7:
		return addresses()
	}
	return channelfile.Equals(input, g.texts(4)...)
}

// alike returns the other inputs with the type of an input.
func (g *Generator) alike(d *sensor.Definition, input int) (others []int) {
	for range 2 {
		if i := g.r.IntN(len(d.Inputs)); i != input && d.Inputs[i].Type == d.Inputs[input].Type {
			others = append(others, i)
		}
	}
	return others
}

var escape = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`)

func (g *Generator) patterns() []string {
	var list []string
	for _, s := range g.texts(3) {
		s = escape.Replace(s)
		for range 1 + g.r.IntN(3) {
			s = pick(g, "*", "?", "*a*", "") + s + pick(g, "*", "?", "*?", "b")
		}
		list = append(list, s)
	}
	return list
}

// Condition returns a random condition for an instance.
func (g *Generator) Condition(d *sensor.Definition, depth int) channelfile.Expr {
	if depth == 0 || g.one(3) {
		e := g.Criterion(d)
		if g.one(4) {
			e = channelfile.Not(e)
		}
		return e
	}
	parts := make([]channelfile.Expr, 1+g.r.IntN(4))
	for i := range parts {
		parts[i] = g.Condition(d, depth-1)
	}
	if g.one(3) {
		return channelfile.Or(parts...)
	}
	return channelfile.And(parts...)
}

// id returns a random ID for instance i of a file. Some IDs differ only in their second half.
func (g *Generator) id(i int) channelfile.ID {
	if g.one(3) {
		return channelfile.ID{0: 1, 8: byte(i + 1), 12: byte(g.r.IntN(256))}
	}
	return channelfile.ID{0: byte(i + 1), 15: byte(g.r.IntN(256))}
}

// File returns a random channel file in normal form for a type, without provenance. If the
// format cannot hold a random condition, File takes another one.
func (g *Generator) File(d *sensor.Definition) []byte {
	b := channelfile.NewBuilder(headerOf(d))
	n := pick(g, 1, 1, 2, 3, 1+g.r.IntN(8))
	for i := 0; i < n; {
		if b.Add(g.id(i), g.Condition(d, 2), nil) == nil {
			i++
		}
	}
	data, err := b.Encode()
	if err != nil {
		panic(fmt.Sprintf("a model that the builder accepted cannot be encoded: %v", err))
	}
	return data
}

// Event returns a random event with the first inputs of a type.
func (g *Generator) Event(d *sensor.Definition, inputs int) interp.Event {
	e := make(interp.Event, inputs)
	for i := range e {
		if g.one(5) {
			continue
		}
		typ := sensor.TypeString
		if i < len(d.Inputs) {
			typ = d.Inputs[i].Type
		}
		switch typ {
		case sensor.TypeInteger:
			e[i] = interp.Number(g.integer())
		case sensor.TypeAddress:
			e[i] = interp.IP(netip.AddrFrom4([4]byte{byte(g.r.IntN(3)), 0, byte(g.r.IntN(256)), 1}))
		default:
			e[i] = interp.Text(pick(g, g.text(6), g.text(6), "1", "-5", "0.0.7.1", "2001::1", "x"))
		}
	}
	return e
}
