package interp

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

// runOne evaluates one expression on one event.
func runOne(t testing.TB, e cf.Expr, event Event) (bool, error) {
	t.Helper()
	it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed}, e)
	err := it.Run(event)
	return len(it.Matched()) == 1, err
}

// interpreterOf returns the interpreter of a file with one instance for each expression.
func interpreterOf(t testing.TB, r sensor.Reader, conditions ...cf.Expr) *Interpreter {
	t.Helper()
	return New(testkit.File(t, cf.Header{InputsDeclared: 8}, conditions...), &r)
}

// TestInterpreterMeaning tests the meaning of each operator in FORMAT.md, section 8.
func TestInterpreterMeaning(t *testing.T) {
	network := netip.MustParsePrefix("10.1.0.0/16")
	for _, tt := range []struct {
		why   string
		e     cf.Expr
		value string // value of input 0; "-" in other means absent
		other string // value of input 1
		want  bool
	}{
		{"exists: present", cf.Exists(0), "x", "", true},
		{"exists: empty is present", cf.Exists(0), "", "", true},
		{"exists: absent", cf.Exists(1), "x", "-", false},
		{"not exists: absent", cf.Not(cf.Exists(1)), "x", "-", true},
		{"negation is two-valued: absent does not contain", cf.Not(cf.Contains(1, "x")), "x", "-", true},
		{"equals", cf.Equals(0, "abc"), "abc", "", true},
		{"equals: longer", cf.Equals(0, "abc"), "abcd", "", false},
		{"equals: case", cf.Equals(0, "abc"), "ABC", "", false},
		{"equals: empty", cf.Equals(0, ""), "", "", true},
		{"equals folded", cf.Equals(0, "Straße").Fold(), "sTRASSE", "", false}, // simple folding: ß is not ss
		{"equals folded: capital sharp s", cf.Equals(0, "Straße").Fold(), "STRAẞE", "", true},
		{"equals folded: Kelvin", cf.Equals(0, "k").Fold(), "\u212A", "", true},
		{"equals folded: runes that share their first byte", cf.Equals(0, "aé").Fold(), "Aä", "", false},
		{"equals folded: runes that share all bytes but the last", cf.Equals(0, "a\u2013").Fold(), "a\u2014", "", false},
		{"equals folded: longer", cf.Equals(0, "k").Fold(), "\u212Ak", "", false},
		{"equals folded: an invalid byte is U+FFFD", cf.Equals(0, "\uFFFD").Fold(), "\xFF", "", true},
		{"equals: and not without folding", cf.Equals(0, "\uFFFD"), "\xFF", "", false},
		{"prefix", cf.Prefix(0, "ab"), "abc", "", true},
		{"prefix: shorter value", cf.Prefix(0, "abc"), "ab", "", false},
		{"prefix folded", cf.Prefix(0, "AB").Fold(), "aBc", "", true},
		{"prefix folded: shorter value", cf.Prefix(0, "abc").Fold(), "AB", "", false},
		{"prefix of bytes may end in a rune", cf.Prefix(0, "\xC3"), "é", "", true},
		{"prefix folded ends at a rune", cf.Prefix(0, "\xC3").Fold(), "é", "", false},
		{"suffix", cf.Suffix(0, "bc"), "abc", "", true},
		{"suffix: elsewhere", cf.Suffix(0, "ab"), "abc", "", false},
		{"suffix folded", cf.Suffix(0, ".EXE").Fold(), "a.exe", "", true},
		{"suffix folded: shorter value", cf.Suffix(0, ".EXE").Fold(), "exe", "", false},
		{"suffix folded: other runes", cf.Suffix(0, "é").Fold(), "\xA9", "", false},
		{"contains", cf.Contains(0, "b"), "abc", "", true},
		{"contains: not", cf.Contains(0, "d"), "abc", "", false},
		{"contains folded", cf.Contains(0, "BC").Fold(), "aabc", "", true},
		{"contains folded: not", cf.Contains(0, "BD").Fold(), "aabc", "", false},
		{"contains: longer than the value", cf.Contains(0, "abcd").Fold(), "abc", "", false},
		{"any of", cf.Contains(0, "x", "b"), "abc", "", true},
		{"all of: one fails", cf.Contains(0, "x", "b").All(), "abc", "", false},
		{"all of", cf.Contains(0, "a", "b").All(), "abc", "", true},
		{"pattern", cf.Pattern(0, `a*c?e`), "abbcde", "", true},
		{"pattern: the whole value", cf.Pattern(0, `a*c?e`), "abbcdef", "", false},
		{"pattern: a star may be empty", cf.Pattern(0, `a*c?e`), "acde", "", true},
		{"pattern: ? takes a rune", cf.Pattern(0, `a?c`), "aéc", "", true},
		{"pattern: ? takes a byte that is no rune", cf.Pattern(0, `a?c`), "a\xFFc", "", true},
		{"pattern: ? takes one", cf.Pattern(0, `a?c`), "ac", "", false},
		{"pattern: escapes", cf.Pattern(0, `\**\?*\\`), `*a?b\`, "", true},
		{"pattern: escaped star is one", cf.Pattern(0, `\*?`), `ab`, "", false},
		{"pattern folded", cf.Pattern(0, `A*C?É`).Fold(), "abbcdé", "", true},
		{"pattern folded: a star at the end", cf.Pattern(0, `a?C*`).Fold(), "ABCD", "", true},
		{"pattern folded: goes back", cf.Pattern(0, `*a?a*b?`).Fold(), "aaaaabbb", "", true},
		{"pattern folded: never", cf.Pattern(0, `*a?a*b?`).Fold(), "aaaaab", "", false},
		{"pattern of bytes: a later fit ends earlier", cf.Pattern(0, "*\xC3?\xA9*"), "\xC3\xC3\xA9\xA9", "", true},
		{"integer: a string is read", cf.IntegerEquals(0, 5), "5", "", true},
		{"integer: leading zero", cf.IntegerEquals(0, 5), "05", "", false},
		{"integer: plus", cf.IntegerEquals(0, 5), "+5", "", false},
		{"integer: minus zero", cf.IntegerEquals(0, 0), "-0", "", false},
		{"integer: zero", cf.IntegerEquals(0, 0), "0", "", true},
		{"integer: empty", cf.IntegerEquals(0, 0), "", "", false},
		{"integer: a minus alone", cf.IntegerEquals(0, 0), "-", "", false},
		{"integer: least", cf.IntegerEquals(0, math.MinInt64), "-9223372036854775808", "", true},
		{"integer: below the least", cf.IntegerRange(0, [2]int64{math.MinInt64, math.MaxInt64}), "-9223372036854775809", "", false},
		{"integer: greatest", cf.IntegerRange(0, [2]int64{1, math.MaxInt64}), "9223372036854775807", "", true},
		{"integer: above the greatest", cf.IntegerRange(0, [2]int64{1, math.MaxInt64}), "9223372036854775808", "", false},
		{"integer: 20 digits", cf.IntegerRange(0, [2]int64{1, math.MaxInt64}), "18446744073709551617", "", false},
		{"integer: hexadecimal", cf.IntegerRange(0, [2]int64{1, math.MaxInt64}), "0x5", "", false},
		{"range: both ends", cf.IntegerRange(0, [2]int64{3, 5}), "3", "", true},
		{"range: outside", cf.IntegerRange(0, [2]int64{3, 5}), "6", "", false},
		{"range: all of", cf.IntegerRange(0, [2]int64{1, 5}, [2]int64{4, 9}).All(), "4", "", true},
		{"range: all of, one fails", cf.IntegerRange(0, [2]int64{1, 5}, [2]int64{4, 9}).All(), "3", "", false},
		{"address", cf.AddressPrefix(0, network), "10.1.2.3", "", true},
		{"address: outside", cf.AddressPrefix(0, network), "10.2.2.3", "", false},
		{"address: mapped", cf.AddressPrefix(0, network), "::ffff:10.1.2.3", "", true},
		{"address: no address", cf.AddressPrefix(0, network), "10.1.2", "", false},
		{"address: a zone", cf.AddressPrefix(0, netip.MustParsePrefix("fe80::/10")), "fe80::1%eth0", "", false},
		{"equals an input", cf.EqualsInput(0, 1), "a", "a", true},
		{"equals an input: case", cf.EqualsInput(0, 1), "a", "A", false},
		{"equals an input, folded", cf.EqualsInput(0, 1).Fold(), "\u212A", "k", true},
		{"equals an input, folded: longer", cf.EqualsInput(0, 1).Fold(), "kk", "k", false},
		{"equals an absent input", cf.EqualsInput(0, 1), "", "-", false},
		{"not equal to an absent input", cf.Not(cf.EqualsInput(0, 1)), "", "-", true},
		{"starts with an input", cf.PrefixInput(0, 1), "abc", "ab", true},
		{"starts with an input, folded", cf.PrefixInput(0, 1).Fold(), "abc", "AB", true},
		{"starts with an input that is longer", cf.PrefixInput(0, 1).Fold(), "a", "AB", false},
		{"ends with an input", cf.SuffixInput(0, 1), "abc", "bc", true},
		{"ends with an input, folded", cf.SuffixInput(0, 1).Fold(), "abc", "BC", true},
		{"ends with an input that is longer", cf.SuffixInput(0, 1).Fold(), "c", "BC", false},
		{"ends with an empty input", cf.SuffixInput(0, 1).Fold(), "c", "", true},
		{"the numbers are the same", cf.IntegerEqualsInput(0, 1), "7", "7", true},
		{"the numbers are none", cf.IntegerEqualsInput(0, 1), "x", "x", false},
		{"and", cf.And(cf.Equals(0, "a"), cf.Equals(1, "b")), "a", "b", true},
		{"and: one fails", cf.And(cf.Equals(0, "a"), cf.Equals(1, "b")), "a", "c", false},
		{"or in an and", cf.And(cf.Exists(0), cf.Or(cf.Equals(0, "a"), cf.Equals(1, "b"))), "x", "b", true},
		{"or in an and: none", cf.And(cf.Exists(0), cf.Or(cf.Equals(0, "a"), cf.Equals(1, "b"))), "x", "c", false},
		{"and in an or", cf.Or(cf.Equals(0, "z"), cf.And(cf.Equals(0, "x"), cf.Not(cf.Equals(1, "b")))), "x", "c", true},
	} {
		event := Event{Text(tt.value), Text(tt.other)}
		if tt.other == "-" {
			event[1] = Value{}
		}
		got, err := runOne(t, tt.e, event)
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
		} else if got != tt.want {
			t.Errorf("%s: %q and %q match: %v, want %v", tt.why, tt.value, tt.other, got, tt.want)
		}
	}
}

// TestInterpreterTypedValues tests inputs that are not strings.
func TestInterpreterTypedValues(t *testing.T) {
	address := netip.MustParseAddr("10.1.2.3")
	for _, tt := range []struct {
		why  string
		e    cf.Expr
		v    Value
		want bool
	}{
		{"a number", cf.IntegerEquals(0, -5), Number(-5), true},
		{"a number in a range", cf.IntegerRange(0, [2]int64{1, 3}), Number(2), true},
		{"an address", cf.AddressPrefix(0, netip.MustParsePrefix("10.0.0.0/8")), IP(address), true},
		{"an address of IPv6", cf.AddressPrefix(0, netip.MustParsePrefix("10.0.0.0/8")), IP(netip.IPv6Loopback()), false},
		{"no address is absent", cf.Exists(0), IP(netip.Addr{}), false},
		{"a number exists", cf.Exists(0), Number(0), true},
	} {
		if got, err := runOne(t, tt.e, Event{tt.v}); err != nil || got != tt.want {
			t.Errorf("%s: match %v, want %v; %v", tt.why, got, tt.want, err)
		}
	}
}

// TestInterpreterFaults tests events on which an interpreter without checks would do harm.
func TestInterpreterFaults(t *testing.T) {
	positional := sensor.Reader{Access: sensor.AccessPositional}
	abc := cf.Contains(1, "abc")
	for _, tt := range []struct {
		why    string
		reader sensor.Reader
		e      cf.Expr
		event  Event
		want   Fault
		text   string
	}{
		{"an input that is not handed over", positional, abc, Event{Text("")},
			Fault{Kind: FaultInput, Criterion: 0, Input: 1, Supplied: 1, Operator: cf.OpContains},
			"criterion 0 reads input 2 (index 1); the event has 1 inputs"},
		{"as an operand", positional, cf.EqualsInput(0, 1), Event{Text("")},
			Fault{Kind: FaultInput, Criterion: 0, Input: 1, Supplied: 1, Operator: cf.OpEquals},
			"criterion 0 reads input 2 (index 1); the event has 1 inputs"},
		{"as an operand of what is absent", positional, cf.EqualsInput(0, 1), Event{{}},
			Fault{Kind: FaultInput, Criterion: 0, Input: 1, Supplied: 1, Operator: cf.OpEquals},
			"criterion 0 reads input 2 (index 1); the event has 1 inputs"},
		{"a number where a string is read", sensor.Reader{Access: sensor.AccessNamed}, abc, Event{{}, Number(1)},
			Fault{Kind: FaultType, Criterion: 0, Input: 1, Supplied: 2, Type: sensor.TypeInteger, Operator: cf.OpContains},
			"criterion 0, contains, reads input 2 (index 1), whose value is of type integer"},
		{"an address where a number is read", sensor.Reader{Access: sensor.AccessNamed}, cf.IntegerEquals(0, 1), Event{IP(netip.IPv6Loopback())},
			Fault{Kind: FaultType, Criterion: 0, Input: 0, Supplied: 1, Type: sensor.TypeAddress, Operator: cf.OpIntegerEquals},
			"criterion 0, integer equals, reads input 1 (index 0), whose value is of type address"},
		// 1 word, 1 instance, and (3 + 1)(4 + 1) + 1 for the criterion
		{"steps", sensor.Reader{Access: sensor.AccessNamed, Budget: sensor.Budget{Steps: 22}}, abc, Event{{}, Text("abcd")},
			Fault{Kind: FaultSteps, Criterion: -1, Input: -1, Supplied: 2, Needed: 23, Budget: 22},
			"the event costs 23 steps; the budget is 22"},
		{"memory", sensor.Reader{Access: sensor.AccessNamed, Budget: sensor.Budget{Memory: 22}}, abc, Event{},
			Fault{Kind: FaultMemory, Criterion: -1, Input: -1, Needed: interpreterOf(t, positional, abc).memory, Budget: 22},
			""},
	} {
		it := interpreterOf(t, tt.reader, tt.e)
		err := it.Run(tt.event)
		fault, ok := errors.AsType[*Fault](err)
		if !ok || *fault != tt.want {
			t.Errorf("%s: fault is %+v, want %+v", tt.why, err, tt.want)
		} else if tt.text != "" && err.Error() != tt.text {
			t.Errorf("%s: %q, want %q", tt.why, err, tt.text)
		}
		if len(it.Matched()) > 0 {
			t.Errorf("%s: something matched", tt.why)
		}
	}
	it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed, Budget: sensor.Budget{Steps: 23}}, abc)
	if err := it.Run(Event{{}, Text("abcd")}); err != nil || it.Steps() != 23 {
		t.Errorf("%d steps of 23 that are allowed: %v", it.Steps(), err)
	}
}

// TestInterpreterMatched tests the order of the matches, and that an event does not affect the
// next one.
func TestInterpreterMatched(t *testing.T) {
	it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed}, cf.Contains(0, "a"), cf.Contains(0, "b"), cf.Or(cf.Contains(0, "c"), cf.Not(cf.Exists(0))))
	for _, tt := range []struct {
		event Event
		want  []int
	}{
		{Event{Text("ab")}, []int{0, 1}},
		{Event{Text("cab")}, []int{0, 1, 2}},
		{Event{Text("")}, nil},
		{Event{}, []int{2}},
		{nil, []int{2}},
		{Event{Text("b")}, []int{1}},
	} {
		if err := it.Run(tt.event); err != nil || !slices.Equal(it.Matched(), tt.want) {
			t.Errorf("%v matches %v, want %v; %v", tt.event, it.Matched(), tt.want, err)
		}
	}
}

// TestRunInstance tests that an instance has the same result alone and among others. Alone, only
// its own reads cause faults.
func TestRunInstance(t *testing.T) {
	it := interpreterOf(t, sensor.Reader{Access: sensor.AccessPositional}, cf.Contains(0, "a"), cf.And(cf.Contains(0, "a"), cf.Not(cf.Contains(1, "b"))))
	for _, tt := range []struct {
		event Event
		want  []bool
		fault []bool
	}{
		{Event{Text("a"), Text("b")}, []bool{true, false}, []bool{false, false}},
		{Event{Text("a"), Text("c")}, []bool{true, true}, []bool{false, false}},
		{Event{Text("a")}, []bool{true, false}, []bool{false, true}},
		{Event{}, []bool{false, false}, []bool{true, true}},
	} {
		for i := range tt.want {
			if got, err := it.RunInstance(i, tt.event); got != tt.want[i] || (err != nil) != tt.fault[i] {
				t.Errorf("instance %d on %v: %v, want %v; %v", i, tt.event, got, tt.want[i], err)
			}
		}
	}
}

// TestInterpreterAllocations tests that an interpreter does not allocate after its first event.
func TestInterpreterAllocations(t *testing.T) {
	it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed},
		cf.Contains(0, "É").Fold(), cf.Pattern(0, "*a?b").Fold(), cf.Pattern(0, "*\xC3?\xA9*"), cf.IntegerRange(1, [2]int64{1, 7}),
		cf.AddressPrefix(2, netip.MustParsePrefix("10.0.0.0/8")), cf.EqualsInput(0, 3).Fold(), cf.Suffix(4, "x").Fold())
	event := Event{Text("aÉ\xFFab"), Text("5"), Text("not an address"), Text("k"), Text("x")}
	if n := testing.AllocsPerRun(10, func() {
		if err := it.Run(event); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations an event, want none", n)
	}
}

// The functions below are slow and simple reference implementations.

// runesOf decodes s as FORMAT.md defines: each byte outside valid UTF-8 is one U+FFFD.
func runesOf(s string, folded bool) (list []rune) {
	for _, r := range s {
		if folded {
			r = cf.Fold(r)
		}
		list = append(list, r)
	}
	return list
}

// like matches the units of value with a pattern. A unit is a rune with folding, and a byte
// without. The function question defines the units that "?" takes.
func like(value, pattern string, folded bool) bool {
	if pattern == "" {
		return value == ""
	}
	_, size := utf8.DecodeRuneInString(value)
	switch pattern[0] {
	case '*':
		unit := 1
		if folded {
			unit = size
		}
		return like(value, pattern[1:], folded) || value != "" && like(value[unit:], pattern, folded)
	case '?':
		return value != "" && like(value[size:], pattern[1:], folded)
	case '\\':
		pattern = pattern[1:]
	}
	if value == "" {
		return false
	}
	if !folded {
		return value[0] == pattern[0] && like(value[1:], pattern[1:], folded)
	}
	want, wanted := utf8.DecodeRuneInString(pattern)
	return runesOf(value, true)[0] == cf.Fold(want) && like(value[size:], pattern[wanted:], folded)
}

var pieces = []string{"a", "A", "b", "B", "é", "É", "k", "\u212A", "ß", "\xC3", "\xA9", "\xFF", "\xE2\x82", "€", ".", "0", "-", "5"}

func drawText(t *rapid.T, name string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, name), "")
}

// TestTextProperty compares the string operators with the reference.
func TestTextProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, other := drawText(t, "value"), drawText(t, "other")
		if rapid.Bool().Draw(t, "related") {
			value = drawText(t, "before") + other + drawText(t, "after")
		}
		folded := rapid.Bool().Draw(t, "folded")
		v, o := runesOf(value, folded), runesOf(other, folded)
		operand := other
		if folded {
			operand = string(cf.AppendFold(nil, []byte(other)))
		}
		a, b := string(v), string(o)
		if !folded {
			a, b = value, other
		}
		it := new(Interpreter)
		for op, want := range map[cf.Operator]bool{
			cf.OpEquals:   a == b,
			cf.OpPrefix:   strings.HasPrefix(a, b),
			cf.OpSuffix:   strings.HasSuffix(a, b),
			cf.OpContains: strings.Contains(a, b),
		} {
			if got := it.text(op, folded, []byte(value), []byte(operand)); got != want {
				t.Fatalf("%v of %q and %q, folded %v: %v, want %v", op, value, other, folded, got, want)
			}
			c := cf.Criterion{Operator: op}
			if folded {
				c.Flags = cf.FlagFold
			}
			x, y := Text(value), Text(other)
			if op != cf.OpContains && alike(c, &x, &y) != want {
				t.Fatalf("%v of inputs %q and %q, folded %v: %v, want %v", op, value, other, folded, !want, want)
			}
		}
	})
}

// TestPatternProperty compares patterns with the reference, also on bytes that are not UTF-8.
func TestPatternProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := drawText(t, "value")
		folded := rapid.Bool().Draw(t, "folded")
		parts := rapid.SliceOfN(rapid.SampledFrom(append([]string{"*", "*", "?", "?", `\*`, `\\`}, pieces...)), 1, 8).Draw(t, "pattern")
		pattern := canonical(strings.Join(parts, ""))
		if folded {
			pattern = string(cf.AppendFold(nil, []byte(pattern)))
		}
		it := new(Interpreter)
		op := cf.OpPattern
		if got, want := it.text(op, folded, []byte(value), []byte(pattern)), like(value, pattern, folded); got != want {
			t.Fatalf("%q is like %q, folded %v: %v, want %v", value, pattern, folded, got, want)
		}
		if got, want := it.matchBytes([]byte(value), []byte(pattern)), like(value, pattern, false); got != want {
			t.Fatalf("%q is like %q, all fits at once: %v, want %v", value, pattern, got, want)
		}
	})
}

// TestNumberProperty compares the strict decimal form with the standard library.
func TestNumberProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(
			rapid.StringMatching(`[-+]?[0-9]{0,21}`),
			rapid.Map(rapid.Int64(), func(n int64) string { return strconv.FormatInt(n, 10) }),
			rapid.SampledFrom([]string{"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1_0", " 1", "1 "}),
		).Draw(t, "text")
		want, err := strconv.ParseInt(s, 10, 64)
		wanted := err == nil && strconv.FormatInt(want, 10) == s
		v := Text(s)
		if got, ok := v.AsInteger(); ok != wanted || ok && got != want {
			t.Fatalf("%q is %d, %v; want %d, %v", s, got, ok, want, wanted)
		}
	})
}

// addressText draws an address, or a text that is almost one.
func addressText(t *rapid.T) string {
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string { a, _ := netip.AddrFromSlice(b); return a.String() }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) string { a, _ := netip.AddrFromSlice(b); return a.String() }),
		rapid.StringMatching(`(([0-9a-fA-F]{0,5}:){0,9}[0-9a-f]{0,4}|::|([0-9]{1,4}\.){0,5}[0-9]{0,3}){1,2}`),
		rapid.SampledFrom([]string{"", ":", "::", ":::", "1::", "::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4",
			"1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4", "1::1.2.3.4", "::ffff:1.2.3.4:1", "1.2.3.4::", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "1::2::3", "01.2.3.4", "1.2.3.256", "12345::", "::1.2.3", "::.1.2.3",
			"1:2:3:4:5:6:7:8:9", "fe80::1%1", "1:2:3:4:5:6::1.2.3.4", "1:2:3:4:5::1.2.3.4", "::1:", "1:::2"}),
	).Draw(t, "address")
}

// TestAddressProperty compares the parser of addresses with the standard library.
func TestAddressProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := addressText(t)
		want, err := netip.ParseAddr(s)
		wanted := err == nil && want.Zone() == ""
		v := Text(s)
		if got, ok := v.AsAddress(); ok != wanted || ok && got != want.As16() {
			t.Fatalf("%q is %v, %v; want %v, %v", s, netip.AddrFrom16(got), ok, want, wanted)
		}
	})
}

// FuzzInterpreterText compares the string operators with the reference, on any bytes.
func FuzzInterpreterText(f *testing.F) {
	f.Add("aXb", "a?b", true)
	f.Add("\xC3\xC3\xA9\xA9", "*\xC3?\xA9*", false)
	f.Add("10.1.2.3", "10*", false)
	f.Add("1::1.2.3.4", `\*`, true)
	f.Fuzz(func(t *testing.T, value, pattern string, folded bool) {
		if len(value) > 24 || len(pattern) > 12 || strings.Count(pattern, "*") > 3 {
			return // the reference takes exponential time
		}
		it := interpreterFor(t, cf.Pattern(0, pattern), folded)
		if it == nil {
			return
		}
		if err := it.Run(Event{Text(value)}); err != nil {
			t.Fatal(err)
		}
		if folded {
			pattern = string(cf.AppendFold(nil, []byte(pattern)))
		}
		if got, want := len(it.Matched()) == 1, like(value, canonical(pattern), folded); got != want {
			t.Fatalf("%q is like %q, folded %v: %v, want %v", value, pattern, folded, got, want)
		}
		v := Text(value)
		want, err := netip.ParseAddr(value)
		if got, ok := v.AsAddress(); ok != (err == nil && want.Zone() == "") || ok && got != want.As16() {
			t.Fatalf("%q is the address %v, %v; want %v", value, got, ok, want)
		}
	})
}

// canonical writes each run of wildcards in normal form: each ? first, then one star.
func canonical(pattern string) string {
	var out, run string
	flush := func() {
		out += strings.Repeat("?", strings.Count(run, "?"))
		if strings.Contains(run, "*") {
			out += "*"
		}
		run = ""
	}
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '*' || pattern[i] == '?' {
			run += pattern[i : i+1]
			continue
		}
		flush()
		if pattern[i] == '\\' {
			out += pattern[i : i+1]
			i++
		}
		out += pattern[i : i+1]
	}
	flush()
	return out
}

// interpreterFor returns nil if the format does not allow the expression.
func interpreterFor(t *testing.T, e cf.Expr, folded bool) *Interpreter {
	if folded {
		e = e.Fold()
	}
	b := cf.NewBuilder(cf.Header{InputsDeclared: 1})
	if b.Add(cf.ID{1}, e, nil) != nil {
		return nil
	}
	data, err := b.Encode()
	if err != nil {
		return nil
	}
	file, err := cf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return New(file, &sensor.Reader{Access: sensor.AccessNamed})
}

func ExampleInterpreter() {
	b := cf.NewBuilder(cf.Header{Channel: 291, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	_ = b.Add(cf.ID{1}, cf.And(cf.Prefix(5, `\evil`).Fold(), cf.Not(cf.Suffix(6, `\good.exe`).Fold())), nil)
	data, _ := b.Encode()
	f, _ := cf.Parse(data)
	it := New(f, &sensor.Reader{Access: sensor.AccessPositional})

	event := make(Event, 20)
	event[5], event[6] = Text(`\Evil-pipe`), Text(`C:\bad.exe`)
	fmt.Println(it.Run(event), it.Matched())
	fmt.Println(it.Run(event[:6]))
	// Output:
	// <nil> [0]
	// criterion 1 reads input 7 (index 6); the event has 6 inputs
}

// TestStepsBeyond64Bits tests that a charge beyond 2^64 - 1 exceeds every budget, and that a
// charge of 2^64 - 1 does not exceed a budget of 2^64 - 1.
func TestStepsBeyond64Bits(t *testing.T) {
	const most = math.MaxUint64
	for _, tt := range []struct {
		why                           string
		constant, coefficient, length uint64
		budget                        uint64
		steps                         uint64
		exceeds                       bool
	}{
		{"one below the greatest budget", most - 1, 0, 0, most, most - 1, false},
		{"the greatest budget exactly", most, 0, 0, most, most, false},
		{"the greatest budget exactly, by a sum", most - 6, 2, 3, most, most, false},
		{"one beyond the greatest budget", most - 5, 2, 3, most, most, true},
		{"one beyond, far from any smaller budget", most - 5, 2, 3, 1000, most, true},
		{"a product of 2^64", 0, 1 << 40, 1 << 24, most, most, true},
		{"a product of 2^64 - 2^40", 0, 1 << 40, 1<<24 - 1, most, 1<<64 - 1<<40, false},
		{"a product whose low half is small", 0, 1 << 45, 1 << 30, most, most, true},
		{"a budget that is reached", 5, 2, 3, 11, 11, false},
		{"a budget that is exceeded by one", 5, 2, 3, 10, 11, true},
	} {
		n := &sensor.Needs{Constant: tt.constant, Inputs: []sensor.InputNeed{{Coefficient: tt.coefficient}}}
		length := func(int) (int, bool) { return int(tt.length), true }
		if steps, _ := n.Steps(length); steps != tt.steps {
			t.Errorf("%s: %d steps; want %d", tt.why, steps, tt.steps)
		}
		if got := n.Exceed(tt.budget, length); got != tt.exceeds {
			t.Errorf("%s: exceeds the budget: %v; want %v", tt.why, got, tt.exceeds)
		}
		if tt.length > 1000 {
			continue // no event is that long
		}
		// No test file is large enough for such a cost, so set it.
		it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed, Budget: sensor.Budget{Steps: tt.budget}}, cf.Contains(0, "a"))
		it.constant, it.perByte = tt.constant, []uint64{tt.coefficient}
		err := it.Run(Event{Text(strings.Repeat("b", int(tt.length)))})
		if fault, ok := errors.AsType[*Fault](err); ok != tt.exceeds || ok && (fault.Kind != FaultSteps || fault.Needed != tt.steps) || it.Steps() != tt.steps {
			t.Errorf("%s: the interpreter charges %d: %v", tt.why, it.Steps(), err)
		}
	}
	if got := (&Fault{Kind: FaultSteps, Needed: most, Budget: most}).Error(); got != "the event costs more than 18446744073709551615 steps, which exceeds every budget" {
		t.Error(got)
	}
}
