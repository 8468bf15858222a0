package channelfile

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// testID returns an ID that is not all zero.
func testID(n int) ID { return ID{0: 1, 14: byte(n >> 8), 15: byte(n)} }

// conditionText writes the condition of instance i for people: the operands of
// the last, unwritten and, joined by " & ".
func conditionText(f *File, i int) string {
	inst := f.Instance(i)
	var stack []string
	for w := inst.First; w < inst.First+inst.Count; w++ {
		word := f.Word(w)
		if word.IsReference() {
			text := criterionText(f, word.Criterion())
			if word.Negated() {
				text = "!" + text
			}
			stack = append(stack, text)
			continue
		}
		sep := " & "
		if word.IsOr() {
			sep = " | "
		}
		base := len(stack) - word.Operands()
		stack = append(stack[:base], "("+strings.Join(stack[base:], sep)+")")
	}
	return strings.Join(stack, " & ")
}

// criterionText writes a criterion as operator, flags, input and operands, as
// in equals+fold(3: "a", "b").
func criterionText(f *File, i int) string {
	c := f.Criterion(i)
	name := strings.ReplaceAll(c.Operator.String(), " ", "-")
	for _, fl := range []struct {
		flag Flags
		name string
	}{{FlagFold, "+fold"}, {FlagAll, "+all"}, {FlagInputs, "+inputs"}} {
		if c.Flags&fl.flag != 0 {
			name += fl.name
		}
	}
	var operands []string
	for v := range f.OperandValues(c) {
		switch c.Operator {
		case OpIntegerEquals:
			operands = append(operands, fmt.Sprint(v.Integer()))
		case OpIntegerRange:
			least, greatest := v.IntegerRange()
			operands = append(operands, fmt.Sprintf("%d..%d", least, greatest))
		case OpAddressRange:
			first, last := v.AddressRange()
			operands = append(operands, fmt.Sprintf("%v..%v", first, last))
		default:
			operands = append(operands, fmt.Sprintf("%q", v))
		}
	}
	for in := range f.OperandInputs(c) {
		operands = append(operands, fmt.Sprint(in))
	}
	if len(operands) == 0 {
		return fmt.Sprintf("%s(%d)", name, c.Input)
	}
	return fmt.Sprintf("%s(%d: %s)", name, c.Input, strings.Join(operands, ", "))
}

// encoded encodes what the Builder has, and fails the test if that is not a
// file in normal form.
func encoded(t interface {
	Helper()
	Fatalf(string, ...any)
}, b *Builder) *File {
	t.Helper()
	data, err := b.Encode()
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatalf("the Builder's file cannot be read: %v", err)
	}
	if broken := f.Conformance(); broken != 0 {
		t.Fatalf("the Builder's file breaks rules %b", broken)
	}
	if !ownPrograms(f) {
		t.Fatalf("the Builder's file has programs that are not those of their sources")
	}
	return f
}

var addr = netip.MustParseAddr

func TestExpr(t *testing.T) {
	a, b, c, d := Exists(0), Exists(1), Exists(2), Exists(3)
	for _, tt := range []struct {
		name, why string
		in        Expr
		want      string
	}{
		// Criteria.
		{"exists", "has no operands", Exists(3), `exists(3)`},
		{"equals", "one operand", Equals(0, "x"), `equals(0: "x")`},
		{"equals empty", "an empty string is a value like any other", Equals(0, ""), `equals(0: "")`},
		{"equals many", "operands ascend", Equals(0, "b", "", "a", "ab"), `equals(0: "", "a", "ab", "b")`},
		{"equals twice", "an operand is there once", Equals(0, "x", "x"), `equals(0: "x")`},
		{"equals all", "all of several", Equals(0, "b", "a").All(), `equals+all(0: "a", "b")`},
		{"equals all twice", "what is left is one operand, so all says nothing", Equals(0, "x", "x").All(), `equals(0: "x")`},
		{"fold", "operands are stored folded", Equals(0, "\u023aB").Fold(), "equals+fold(0: \"\u2c65b\")"},
		{"fold twice", "folding again changes nothing", Equals(0, "B").Fold().Fold(), `equals+fold(0: "b")`},
		{"fold makes one of two", "operands are compared folded", Equals(0, "B", "b").All().Fold(), `equals+fold(0: "b")`},
		{"fold of an invalid byte", "is U+FFFD", Prefix(0, "\xff").Fold(), "prefix+fold(0: \"\ufffd\")"},
		{"invalid byte", "bytes are compared without fold", Prefix(0, "\xff"), `prefix(0: "\xff")`},
		{"fold of a number", "case is a matter of strings", IntegerEquals(0, 5).Fold(), `integer-equals(0: 5)`},
		{"integers", "negative ones too", IntegerEquals(0, -1, 1), `integer-equals(0: 1, -1)`},
		{"integer range", "both ends are included", IntegerRange(0, [2]int64{-5, 5}), `integer-range(0: -5..5)`},
		{"address range", "IPv4 is mapped", AddressRange(0, [2]netip.Addr{addr("10.0.0.1"), addr("10.0.0.9")}), `address-range(0: 10.0.0.1..10.0.0.9)`},
		{"one address", "no operator is simpler", AddressRange(0, [2]netip.Addr{addr("::1"), addr("::1")}), `address-range(0: ::1..::1)`},
		{"mapped address", "is the IPv4 address", AddressRange(0, [2]netip.Addr{addr("::ffff:1.2.3.4"), addr("1.2.3.4")}), `address-range(0: 1.2.3.4..1.2.3.4)`},
		{"network", "from its first to its last address", AddressPrefix(0, netip.MustParsePrefix("10.1.2.3/9")), `address-range(0: 10.0.0.0..10.127.255.255)`},
		{"whole networks", "a prefix of no bits is everything of its family", AddressPrefix(0, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("fe80::/10")),
			`address-range(0: 0.0.0.0..255.255.255.255, fe80::..febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff)`},
		{"one host", "a prefix of all bits", AddressPrefix(0, netip.MustParsePrefix("1.2.3.4/32"), netip.MustParsePrefix("::5/128")), `address-range(0: ::5..::5, 1.2.3.4..1.2.3.4)`},
		{"inputs", "the other input is the operand", EqualsInput(0, 2, 1), `equals+inputs(0: 1, 2)`},
		{"inputs folded", "both sides are folded", EqualsInput(0, 1).Fold(), `equals+fold+inputs(0: 1)`},

		// Operators that give way: one row or more for each line of the list.
		{"empty prefix", "everything starts with nothing", Prefix(0, ""), `exists(0)`},
		{"empty suffix", "everything ends with nothing", Suffix(0, "").Fold(), `exists(0)`},
		{"empty contains", "nothing is in everything", Contains(0, ""), `exists(0)`},
		{"any empty", "one operand that always holds is enough", Contains(0, "x", ""), `exists(0)`},
		{"all empty", "an operand that always holds adds nothing", Contains(0, "x", "", "y").All(), `contains+all(0: "x", "y")`},
		{"all empty but one", "one is left, and no all", Contains(0, "x", "").All(), `contains(0: "x")`},
		{"nothing but empty", "exists is left", Contains(0, "", "").All(), `exists(0)`},
		{"pattern without wildcard", "equals", Pattern(0, `a\*`), `equals(0: "a*")`},
		{"empty pattern", "equals the empty string", Pattern(0, ``), `equals(0: "")`},
		{"pattern with a star at its end", "prefix", Pattern(0, `a\\*`), `prefix(0: "a\\")`},
		{"pattern with a star at its start", "suffix", Pattern(0, `*\\pipe`), `suffix(0: "\\pipe")`},
		{"pattern between stars", "contains", Pattern(0, `*a\?*`).Fold(), `contains+fold(0: "a?")`},
		{"pattern star", "exists", Pattern(0, `*`), `exists(0)`},
		{"pattern stars", "is the pattern *", Pattern(0, `***`), `exists(0)`},
		{"pattern run", "the ? comes first, then one star", Pattern(0, `a**?*b`), `pattern(0: "a?*b")`},
		{"pattern run that is a prefix", "what is left once the run is one star", Pattern(0, `a**`), `prefix(0: "a")`},
		{"proper pattern", "stays", Pattern(0, `a*b`, `?`), `pattern(0: "?", "a*b")`},
		{"folded pattern", "folds through its escapes", Pattern(0, `A*\*B`).Fold(), `pattern+fold(0: "a*\\*b")`},
		{"patterns that fold to one", "operands are compared folded", Pattern(0, `A*b`, `a*B`).Fold(), `pattern+fold(0: "a*b")`},
		{"any of mixed patterns", "an or of one criterion for each form", Pattern(0, `x*`, `y`, `*z`, `w`), `(equals(0: "w", "y") | prefix(0: "x") | suffix(0: "z"))`},
		{"all of mixed patterns", "an and, which is left unwritten", Pattern(0, `x*`, `*y*`, `*z*`, `a*b`).All(), `prefix(0: "x") & contains+all(0: "y", "z") & pattern(0: "a*b")`},
		{"not any of mixed patterns", "an and of what is negated", Not(Pattern(0, `x*`, `*y`)), `!prefix(0: "x") & !suffix(0: "y")`},
		{"not all of mixed patterns", "an or of what is negated", Not(Pattern(0, `x*`, `*y`).All()), `(!prefix(0: "x") | !suffix(0: "y"))`},
		{"mixed patterns in an or", "the or is flat", Or(a, Pattern(1, `x*`, `*y`)), `(exists(0) | prefix(1: "x") | suffix(1: "y"))`},
		{"any of patterns with a star", "holds of all that exists", Pattern(0, `a*b`, `*`), `exists(0)`},
		{"all of patterns with a star", "which adds nothing", Pattern(0, `a*b`, `**`).All(), `pattern(0: "a*b")`},
		{"range of one number", "integer equals", IntegerRange(0, [2]int64{7, 7}), `integer-equals(0: 7)`},
		{"ranges, one of one number", "two criteria", IntegerRange(0, [2]int64{1, 2}, [2]int64{7, 7}), `(integer-equals(0: 7) | integer-range(0: 1..2))`},
		{"all of ranges, one of one number", "two criteria that must hold", IntegerRange(0, [2]int64{1, 2}, [2]int64{2, 2}).All(), `integer-equals(0: 2) & integer-range(0: 1..2)`},
		{"all of one", "all says nothing of one", Contains(0, "x").All(), `contains(0: "x")`},
		{"equals of inputs", "the smaller is the criterion's", EqualsInput(2, 1), `equals+inputs(1: 2)`},
		{"equals of inputs, some smaller", "each has its own criterion", EqualsInput(2, 1, 0, 3), `(equals+inputs(0: 2) | equals+inputs(1: 2) | equals+inputs(2: 3))`},
		{"equals of an input with itself", "exists", EqualsInput(2, 2).Fold(), `exists(2)`},
		{"any of inputs with itself", "holds of all that exists", EqualsInput(2, 2, 3), `exists(2)`},
		{"all of inputs with itself", "which adds nothing", EqualsInput(2, 2, 3).All(), `equals+inputs(2: 3)`},
		{"prefix of an input with itself", "exists", PrefixInput(2, 2), `exists(2)`},
		{"suffix of an input with itself", "exists", SuffixInput(2, 2), `exists(2)`},
		{"prefix of inputs", "has a direction, so nothing is swapped", PrefixInput(2, 1), `prefix+inputs(2: 1)`},
		{"integer equals of inputs", "the smaller is the criterion's", IntegerEqualsInput(2, 1), `integer-equals+inputs(1: 2)`},
		{"integer equals of an input with itself", "holds of all numbers, which is not all that exists", IntegerEqualsInput(2, 2), `integer-range(2: -9223372036854775808..9223372036854775807)`},

		// Conditions.
		{"and", "the last and is unwritten", And(b, a), `exists(0) & exists(1)`},
		{"or", "operands ascend", Or(b, a), `(exists(0) | exists(1))`},
		{"and of one", "no list of one", And(And(a)), `exists(0)`},
		{"or of one", "no list of one", Or(Or(a)), `exists(0)`},
		{"the same twice", "is there once", And(a, b, a), `exists(0) & exists(1)`},
		{"nothing but the same", "no list of one", Or(a, a, Or(a)), `exists(0)`},
		{"and in and", "is flat", And(a, And(b, And(c, d))), `exists(0) & exists(1) & exists(2) & exists(3)`},
		{"or in or", "is flat", Or(Or(Or(a, b), c), d), `(exists(0) | exists(1) | exists(2) | exists(3))`},
		{"or in and", "fewer words first, however large", And(Or(a, b), d), `exists(3) & (exists(0) | exists(1))`},
		{"and in or", "is written", Or(And(a, b), And(c, d)), `((exists(0) & exists(1)) | (exists(2) & exists(3)))`},
		{"not", "negates the reference", Not(a), `!exists(0)`},
		{"not not", "is nothing", Not(Not(Not(Not(a)))), `exists(0)`},
		{"not and", "is an or of what is negated", Not(And(a, b)), `(!exists(0) | !exists(1))`},
		{"not or", "is an and of what is negated", Not(Or(a, b)), `!exists(0) & !exists(1)`},
		{"not in depth", "each and becomes an or", Not(Or(And(a, Not(b)), c)), `!exists(2) & (!exists(0) | exists(1))`},
		{"flat by negation", "an or under not is an and in an and", And(a, Not(Or(b, c))), `exists(0) & !exists(1) & !exists(2)`},
		{"a and not a", "never holds, but is what the author said", And(a, Not(a)), `exists(0) & !exists(0)`},
		{"same or twice", "compound operands are there once too", And(Or(a, b), Or(b, a)), `(exists(0) | exists(1))`},
		{"an and of the same ors in an or", "what is left of it joins the or around", Or(c, And(Or(a, b), Or(b, a))), `(exists(0) | exists(1) | exists(2))`},
		{"an or of the same ands in an and", "what is left of it joins the and around", And(c, Or(And(a, b), And(b, a))), `exists(0) & exists(1) & exists(2)`},
		{"collapse with an inner group", "operands that have operands stay whole", Or(d, And(Or(a, And(b, c)), Or(And(c, b), a))), `(exists(0) | exists(3) | (exists(1) & exists(2)))`},
		{"fold reaches everything", "strings below and, or and not", And(Not(Equals(0, "A")), Or(Prefix(1, "B"), c)).Fold(), `!equals+fold(0: "a") & (prefix+fold(1: "b") | exists(2))`},
		{"all reaches everything", "lists below and, or and not", Or(Equals(0, "a", "b"), Not(IntegerEquals(1, 1, 2))).All(), `(equals+all(0: "a", "b") | !integer-equals+all(1: 1, 2))`},
		{"folded and not", "are two criteria", Or(Equals(0, "a"), Equals(0, "a").Fold()), `(equals(0: "a") | equals+fold(0: "a"))`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.why == "" || strings.Contains(t.Name(), "#") {
				t.Fatal("each row has its own name, and a reason")
			}
			for _, origin := range []*Origin{nil, {Title: tt.name}} {
				b := NewBuilder(Header{InputsDeclared: 4})
				if err := b.Add(testID(1), tt.in, origin); err != nil {
					t.Fatal(err)
				}
				if got := conditionText(encoded(t, b), 0); got != tt.want {
					t.Errorf("got  %s\nwant %s\n%s", got, tt.want, tt.why)
				}
			}
		})
	}
}

func TestExprErrors(t *testing.T) {
	long := strings.Repeat("a", MaxValueLength+1)
	for _, tt := range []struct {
		name, why string
		in        Expr
		want      string // a part of the error
	}{
		{"nothing", "would match every event", Expr{}, "the condition is empty"},
		{"empty and", "would match every event", And(), "the condition is empty"},
		{"empty or", "would match none", Or(), "the condition is empty"},
		{"an empty part", "most likely a mistake of the caller", And(Exists(0), Expr{}), "an empty part"},
		{"not nothing", "a method of the zero Expr is an empty part, no panic", Not(Expr{}.Fold().All().From(1, "")), "the condition is empty"},
		{"no operands", "equals nothing never holds", Equals(0), "equals has nothing to compare with"},
		{"no inputs", "so does this", PrefixInput(0), "prefix has nothing to compare with"},
		{"no networks", "so does this", AddressPrefix(0), "address range has nothing to compare with"},
		{"input", "the 291: input 5 of 4", Exists(4), "reads input 5 (index 4)"},
		{"negative input", "no input has this number", Exists(-1), "reads input 0 (index -1)"},
		{"large input", "must not become another by truncation", Equals(1<<16, "x"), "reads input 65537 (index 65536)"},
		{"other input", "operands are inputs too", EqualsInput(0, 1, 4), "reads input 5 (index 4)"},
		{"malformed pattern", "a backslash before a letter", Pattern(0, `*`, `c:\x`).Fold(), `pattern "c:\\x" has a backslash before`},
		{"inverted range", "never holds", IntegerRange(0, [2]int64{2, 1}), "integer range from 2 to 1 never holds"},
		{"inverted range of several", "is a mistake still", IntegerRange(0, [2]int64{1, 2}, [2]int64{9, 8}), "integer range from 9 to 8 never holds"},
		{"inverted addresses", "never holds", AddressRange(0, [2]netip.Addr{addr("10.0.0.2"), addr("10.0.0.1")}), "address range from 10.0.0.2 to 10.0.0.1 never holds"},
		{"IPv6 before IPv4", "compared as 16 bytes", AddressRange(0, [2]netip.Addr{addr("fe80::"), addr("10.0.0.1")}), "never holds"},
		{"no address", "the zero Addr", AddressRange(0, [2]netip.Addr{netip.Addr{}, addr("10.0.0.1")}), "without an address"},
		{"no network", "the zero Prefix", AddressPrefix(0, netip.Prefix{}), "without an address"},
		{"zone", "a zone has no meaning on another host", AddressRange(0, [2]netip.Addr{addr("fe80::1%eth0"), addr("fe80::2")}), `has the zone "eth0"`},
		{"long value", "more than MaxValueLength", Equals(0, long), "65536 bytes"},
		{"long when folded", "what is stored counts", Equals(0, strings.Repeat("\xff", MaxValueLength/3+1)).Fold(), "65538 bytes"},
		{"line", "says where the criterion is", And(Equals(0).From(12, "x:")), "line 12: equals has nothing"},
		{"inner line", "the nearest says where", Equals(0).From(12, "x:").From(7, ""), "line 12:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.why == "" || strings.Contains(t.Name(), "#") {
				t.Fatal("each row has its own name, and a reason")
			}
			b := NewBuilder(Header{InputsDeclared: 4})
			err := b.Add(testID(1), tt.in, nil)
			if err == nil {
				t.Fatalf("no error: %s", tt.why)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if !strings.Contains(err.Error(), "instance 01000000-0000-0000-0000-000000000001: ") {
				t.Errorf("%v: does not say which instance", err)
			}
		})
	}
}

// What an Expr was made of may change afterwards.
func TestExprCopies(t *testing.T) {
	operands, others, parts := []string{"x"}, []int{1}, []Expr{Exists(1), Exists(2)}
	e := Or(And(parts...), Equals(0, operands...), EqualsInput(0, others...))
	operands[0], others[0], parts[0] = "changed", 3, Expr{}
	b := NewBuilder(Header{InputsDeclared: 4})
	if err := b.Add(testID(1), e, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := conditionText(encoded(t, b), 0), `(equals(0: "x") | equals+inputs(0: 1) | (exists(1) & exists(2)))`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
