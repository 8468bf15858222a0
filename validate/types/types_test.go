package types_test

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// family are the checks of the package, and those that they require.
var family = gatetest.Family(2)

func pointer(n int64) *int64 { return &n }

// mixed has inputs of each type, with bounds and without.
var mixed = &sensor.Definition{
	Name: "mixed", Number: 7, Version: 3, Channel: 700,
	Inputs: []sensor.Input{
		0: {Name: "Name", Type: sensor.TypeString, MaxLength: 8},
		1: {Name: "Port", Type: sensor.TypeInteger, Least: pointer(1), Greatest: pointer(65535)},
		2: {Name: "Source", Type: sensor.TypeAddress},
		3: {Name: "Text", Type: sensor.TypeString},
		4: {Name: "Number", Type: sensor.TypeInteger},
		5: {Name: "Above", Type: sensor.TypeInteger, Least: pointer(100)},
		6: {Name: "Below", Type: sensor.TypeInteger, Greatest: pointer(-100)},
	},
}

func definitions(t testing.TB) *sensor.Definitions {
	t.Helper()
	return testkit.Definitions(t, builtin.Definitions().ByNumber(1, 1), mixed)
}

var header = testkit.HeaderOf(mixed)

func subject(t testing.TB, h channelfile.Header, conditions ...channelfile.Expr) *validate.Subject {
	t.Helper()
	return validate.ChannelFile("", testkit.EncodeFrom(t, h, testkit.Origins("rules.yml"), conditions...))
}

// shown returns what a report says, a line each finding.
func shown(r *validate.Report) []string {
	var lines []string
	for _, f := range r.Findings {
		place := f.Where.Path
		if f.Where.Source.Path != "" {
			place += fmt.Sprintf(" %s:%d", f.Where.Source.Path, f.Where.Source.Line)
		}
		if f.Input != nil {
			place += fmt.Sprintf(" <%d %s %v>", f.Input.Index, f.Input.Name, f.Input.Type)
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s; %s", f.Check.ID, place, f.Message, f.Fix))
	}
	return lines
}

func TestMessages(t *testing.T) {
	long := strings.Repeat("x", 9)
	const correct = "; correct the operand, or the definition if the input can have this value"
	const ofString = "; use an operator for inputs of type string: exists, equals, prefix, suffix, contains, pattern, regexp, integer equals, integer range, address range"
	const ofInteger = "; use an operator for inputs of type integer: exists, integer equals, integer range"
	const ofAddress = "; use an operator for inputs of type address: exists, address range"
	change := func(f func(*channelfile.Header)) channelfile.Header {
		h := header
		f(&h)
		return h
	}
	tests := []struct {
		name string
		s    *validate.Subject
		want []string
		why  string
	}{
		{"good", subject(t, header, channelfile.And(channelfile.Prefix(0, "a"), channelfile.IntegerEquals(1, 80), channelfile.AddressPrefix(2, netip.MustParsePrefix("10.0.0.0/8")))), nil,
			"each operator on its type"},
		{"unknown type", subject(t, change(func(h *channelfile.Header) { h.Type = 8 }), channelfile.Prefix(0, "a")), []string{
			"CF2001 header.type: template type 8 (0x8) is not known; the gate knows 1 (ipc), 7 (mixed); give the gate the definition with --types, or check the number that the encoder writes",
		}, "what there is to choose from; the rest is skipped"},
		{"unknown version", subject(t, change(func(h *channelfile.Header) { h.TypeVersion = 4 }), channelfile.Prefix(0, "a")), []string{
			"CF2002 header.type_version: version 4 of template type 7 is not known; the gate knows version 3; give the gate the definition of that version with --types, or check the version that the encoder writes",
		}, "which versions there are"},
		{"another channel", subject(t, change(func(h *channelfile.Header) { h.Channel = 701 }), channelfile.Prefix(0, "a")), []string{
			"CF2003 header.channel: the content is for channel 701 (0x2bd); template type mixed is on channel 700 (0x2bc); check the channel that the encoder writes",
		}, "both numbers, in hex too for the window of bytes"},
		{"declares less", subject(t, change(func(h *channelfile.Header) { h.InputsDeclared = 6 }), channelfile.Contains(1, "a")), []string{
			"CF2004 header.inputs_declared: the content declares 6 inputs; version 3 of template type mixed has 7; find out which of the two is right, and give the other a new version of the type",
		}, "with the wrong list nothing is said of criteria"},
		{"contains on an integer", subject(t, header, channelfile.Contains(1, "80").From(12, "Port|contains: 80")), []string{
			"CF2006 instance[0].word[0] rules.yml:12 <1 Port integer>: contains on input 2 (index 1), Port, which is of type integer" + ofInteger,
		}, "the line of the criterion, and what would do"},
		{"equals on an address", subject(t, header, channelfile.Prefix(0, "a"), channelfile.Equals(2, "10.0.0.1")), []string{
			"CF2006 instance[1].word[0] rules.yml:20 <2 Source address>: equals on input 3 (index 2), Source, which is of type address" + ofAddress,
		}, "of the second rule"},
		{"integer on an address", subject(t, header, channelfile.IntegerRange(2, [2]int64{1, 2})), []string{
			"CF2006 instance[0].word[0] rules.yml:10 <2 Source address>: integer range on input 3 (index 2), Source, which is of type address" + ofAddress,
		}, "no number"},
		{"address on an integer", subject(t, header, channelfile.AddressPrefix(1, netip.MustParsePrefix("10.0.0.0/8"))), []string{
			"CF2006 instance[0].word[0] rules.yml:10 <1 Port integer>: address range on input 2 (index 1), Port, which is of type integer" + ofInteger,
		}, "no address"},
		{"all on strings", subject(t, header, channelfile.And(channelfile.IntegerEquals(3, 1), channelfile.AddressPrefix(3, netip.MustParsePrefix("10.0.0.0/8")), channelfile.Exists(1))), nil,
			"a string is read as a number or an address; " + ofString},
		{"too long", subject(t, header, channelfile.Equals(0, long)), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <0 Name string>: equals on input 1 (index 0), Name, can never hold: the operand has 9 bytes, the value at most 8" + correct,
		}, "both lengths"},
		{"as long as can be", subject(t, header, channelfile.Equals(0, long[:8])), nil, "the longest value"},
		{"no length", subject(t, header, channelfile.Equals(3, long)), nil, "the definition does not say"},
		{"pattern", subject(t, header, channelfile.Pattern(0, "a*"+long+"*b")), nil, "what a pattern wants at least is not counted"},
		{"regexp too long", subject(t, header, channelfile.Regexp(0, "^.{8}$", "(a{9}|b{10,})+c*", "a{8}b?\\b"), channelfile.Regexp(3, ".{1000,}")), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <0 Name string>: regexp on input 1 (index 0), Name, can never hold: a match of \"(a{9}|b{10,})+c*\" has at least 9 runes, the value at most 8 bytes" + correct,
		}, "the shortest way; of an input with a length, and of an expression that wants more"},
		{"regexp that never matches", subject(t, header, channelfile.Regexp(0, `a{9}[^\x{0}-\x{10FFFF}]`)), nil, "that is for another check to say"},
		{"folded", subject(t, header, channelfile.Equals(0, "KKKKKKKK").Fold()), nil, "eight runes, however they are stored"},
		{"folded and too long", subject(t, header, channelfile.Equals(0, long).Fold()), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <0 Name string>: equals on input 1 (index 0), Name, can never hold: the operand has 9 bytes, the value at most 8" + correct,
		}, "nine runes are at least nine bytes"},
		{"folded to longer bytes", subject(t, header, channelfile.Equals(0, "\u00c5\u00c5\u00c5\u00c5").Fold(), channelfile.Equals(0, strings.Repeat("\u023a", 5)).Fold()), nil,
			"five letters that fold to three bytes each, of which the value has but two: eight bytes can hold them"},
		{"not folded, in bytes", subject(t, header, channelfile.Equals(0, "\u2c65\u2c65\u2c65")), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <0 Name string>: equals on input 1 (index 0), Name, can never hold: the operand has 9 bytes, the value at most 8" + correct,
		}, "without folding bytes count"},
		{"number beyond", subject(t, header, channelfile.IntegerEquals(1, 99971)), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <1 Port integer>: integer equals on input 2 (index 1), Port, can never hold: it is never 99971: it goes from 1 to 65535" + correct,
		}, "as in March 2013"},
		{"range beyond", subject(t, header, channelfile.IntegerRange(1, [2]int64{-9, 0})), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <1 Port integer>: integer range on input 2 (index 1), Port, can never hold: it is never from -9 to 0: it goes from 1 to 65535" + correct,
		}, "below the least"},
		{"range that overlaps", subject(t, header, channelfile.IntegerRange(1, [2]int64{-9, 1})), nil, "one number is enough"},
		{"no greatest", subject(t, header, channelfile.And(channelfile.IntegerEquals(5, math.MaxInt64), channelfile.IntegerEquals(5, 99))), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <5 Above integer>: integer equals on input 6 (index 5), Above, can never hold: it is never 99: it goes from 100 to the greatest integer" + correct,
		}, "one bound"},
		{"no least", subject(t, header, channelfile.And(channelfile.IntegerEquals(6, math.MinInt64), channelfile.IntegerEquals(6, -99))), []string{
			"CF2007 instance[0].word[1] rules.yml:10 <6 Below integer>: integer equals on input 7 (index 6), Below, can never hold: it is never -99: it goes from the least integer to -100" + correct,
		}, "the other bound"},
		{"each operand", subject(t, header, channelfile.IntegerEquals(1, 0, 80, 65536)), []string{
			"CF2007 instance[0].word[0] rules.yml:10 <1 Port integer>: integer equals on input 2 (index 1), Port, can never hold: it is never 0: it goes from 1 to 65535" + correct,
			"CF2007 instance[0].word[0] rules.yml:10 <1 Port integer>: integer equals on input 2 (index 1), Port, can never hold: it is never 65536: it goes from 1 to 65535" + correct,
		}, "one of a list that never matches is an error too"},
		{"comparison", subject(t, header, channelfile.EqualsInput(0, 3)), nil, "two strings"},
		{"comparison of two types", subject(t, header, channelfile.EqualsInput(0, 2)), []string{
			"CF2008 instance[0].word[0] rules.yml:10 <0 Name string>: equals compares input 1 (index 0), Name, of type string, with input 3 (index 2), Source, of type address; compare inputs of one type",
		}, "both inputs and both types"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := validate.Run(tt.s, validate.Options{Checks: family, Definitions: definitions(t)})
			if diff := cmp.Diff(tt.want, shown(r)); diff != "" {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
		})
	}
}

// TestNeeds holds what is said of needs that another compiler computed.
func TestNeeds(t *testing.T) {
	needs := func(change func(*sensor.Needs)) *sensor.Needs {
		n := &sensor.Needs{
			Channel: 700, Revision: 1, Type: 7, TypeVersion: 3, Format: "1.0", InputsDeclared: 7, InputsRead: 2,
			Inputs: []sensor.InputNeed{{Index: 1, Instances: 1, Criteria: 1}},
			Sizes:  sensor.Sizes{Instances: 1},
		}
		if change != nil {
			change(n)
		}
		return n
	}
	const compile = "; compile against the definition that the gate has, or give the gate the other one with --types"
	cause := []sensor.Cause{{Instance: 4, Title: "T", Path: "rules.xml", Line: 8}}
	tests := []struct {
		name   string
		change func(*sensor.Needs)
		want   []string
		why    string
	}{
		{"good", nil, nil, "needs may say no more than numbers"},
		{"they agree", func(n *sensor.Needs) {
			n.TypeName = "mixed"
			n.Inputs[0].Name, n.Inputs[0].Type, n.Inputs[0].TypeKnown = "Port", sensor.TypeInteger, true
		}, nil, "as cfcheck's own have it"},
		{"unknown type", func(n *sensor.Needs) { n.Type = 8 }, nil, "undecided: the compiler that wrote the needs may know the type"},
		{"type of another name", func(n *sensor.Needs) { n.TypeName = "process" }, []string{
			`CF2001 type: template type 7 (0x7) is called "process"; the gate knows it as "mixed"; give the gate the definition with --types, or check the number that the encoder writes`,
		}, "one number, two types: the inputs would be taken for others"},
		{"unknown version", func(n *sensor.Needs) { n.TypeVersion = 4 }, nil, "undecided, as for a type that is not known"},
		{"another channel", func(n *sensor.Needs) { n.Channel = 1 }, []string{
			"CF2003 channel: the content is for channel 1 (0x1); template type mixed is on channel 700 (0x2bc); check the channel that the encoder writes",
		}, "likewise"},
		{"declares more", func(n *sensor.Needs) { n.InputsDeclared = 8 }, []string{
			"CF2004 inputsDeclared: the content declares 8 inputs; version 3 of template type mixed has 7; find out which of the two is right, and give the other a new version of the type",
		}, "likewise"},
		{"beyond the type", func(n *sensor.Needs) { n.Inputs[0].Index = 7 }, []string{
			"CF2005 inputs[7] <7  no input type>: the content reads input 8 (index 7); version 3 of template type mixed has 7 inputs; use an input of the type",
		}, "not from a document, which must agree with itself, but from a program"},
		{"beyond the type, by a rule", func(n *sensor.Needs) { n.Inputs[0].Index, n.Inputs[0].First = 7, cause }, []string{
			"CF2005 instance[4] rules.xml:8 <7  no input type>: the content reads input 8 (index 7); version 3 of template type mixed has 7 inputs; use an input of the type",
		}, "the rule that reads it"},
		{"before the type", func(n *sensor.Needs) { n.Inputs[0].Index = -1 }, []string{
			"CF2005 inputs[-1] <-1  no input type>: the content reads input 0 (index -1); version 3 of template type mixed has 7 inputs; use an input of the type",
		}, "whatever a program may put there"},
		{"another name", func(n *sensor.Needs) { n.Inputs[0].Name, n.Inputs[0].First = "Source", cause }, []string{
			`CF2005 instance[4] rules.xml:8 <1 Port integer>: the content reads input 2 (index 1), Port, of type mixed as "Source"` + compile,
		}, "compiled against another definition"},
		{"another type", func(n *sensor.Needs) {
			n.Inputs[0].Name, n.Inputs[0].Type, n.Inputs[0].TypeKnown = "Port", sensor.TypeString, true
		}, []string{
			"CF2005 inputs[1] <1 Port integer>: the content reads input 2 (index 1), Port, of type mixed as string; the definition declares it as integer" + compile,
		}, "a number would be taken for a pointer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := validate.Run(validate.Needs("n.json", needs(tt.change)), validate.Options{Checks: family, Definitions: definitions(t)})
			if unknown := strings.HasPrefix(tt.name, "unknown "); unknown != strings.Contains(strings.Join(r.Undecided, " "), "--types") {
				t.Errorf("%s: undecided because %q", tt.why, r.Undecided)
			}
			if diff := cmp.Diff(tt.want, shown(r)); diff != "" {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
		})
	}
}

// TestProgramOfSource holds what is said of a program that differs from what its
// source compiles to, and where.
func TestProgramOfSource(t *testing.T) {
	const fix = "; encode the rules again; channelfile's Builder makes the program that FORMAT.md specifies"
	data := subject(t, header, channelfile.Regexp(0, "b"), channelfile.And(channelfile.Prefix(0, "x"), channelfile.Regexp(3, "a[0-9]+", "b"))).Data
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	source := f.SourceRange(0).Start // of a[0-9]+
	tests := []struct {
		at   int
		b    byte
		want string
		why  string
	}{
		{source, 'a', "", "nothing changed"},
		{source + 4, '8', `CF2009 instance[1].word[1] rules.yml:20: program 0 is not the program of its source "a[0-8]+": its instruction 1 is [0-9] to 2, its source compiles to [0-8] to 2`,
			"the rule, and what differs; for a class what it holds"},
		{source, '|', `CF2009 instance[1].word[1] rules.yml:20: program 0 is not the program of its source "|[0-9]+": its instruction 0 is [a] to 1, its source compiles to split to 1 and 2`, "of as many instructions"},
		{source + 6, 'c', `CF2009 instance[1].word[1] rules.yml:20: program 0 is not the program of its source "a[0-9]c": its instruction 2 is split to 1 and 3, its source compiles to [c] to 3`, "where they part"},
		{source + 5, ')', `CF2009 instance[1].word[1] rules.yml:20: program 0 is not the program of its source "a[0-9)+": its source does not compile: regular expression ` + "`a[0-9)+`" + `: at byte 1: malformed: this [ has no ]: close it, or write \[ for the character`, "why it does not"},
	}
	for _, tt := range tests {
		changed := bytes.Clone(data)
		changed[tt.at] = tt.b
		var want []string
		if tt.want != "" {
			want = []string{tt.want + fix}
		}
		r := validate.Run(validate.ChannelFile("", changed), validate.Options{Checks: family, Definitions: definitions(t)})
		if diff := cmp.Diff(want, shown(r)); diff != "" {
			t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
		}
	}
}

// TestNoDefinitions holds that a gate that knows no type says so.
func TestNoDefinitions(t *testing.T) {
	r := validate.Run(subject(t, header, channelfile.Prefix(0, "a")), validate.Options{Checks: family})
	want := []string{"CF2001 header.type: template type 7 (0x7) is not known; the gate knows none; give the gate the definition with --types, or check the number that the encoder writes"}
	if diff := cmp.Diff(want, shown(r)); diff != "" {
		t.Errorf("(-expected +found):\n%s", diff)
	}
	if len(r.Skipped) != len(family)-2 {
		t.Errorf("%d checks skipped, expected all but the first, and that of programs, which needs no definition", len(r.Skipped))
	}
}

// TestVersions holds that all versions that are known are named, and each type
// once.
func TestVersions(t *testing.T) {
	defs := definitions(t)
	second := *mixed
	second.Version = 9
	if err := defs.Add(&second); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		change func(*channelfile.Header)
		want   string
	}{
		{func(h *channelfile.Header) { h.TypeVersion = 4 }, "the gate knows versions 3, 9"},
		{func(h *channelfile.Header) { h.Type = 4 }, "the gate knows 1 (ipc), 7 (mixed)"},
	} {
		h := header
		tt.change(&h)
		r := validate.Run(subject(t, h, channelfile.Prefix(0, "a")), validate.Options{Checks: family, Definitions: defs})
		if len(r.Findings) != 1 || !strings.HasSuffix(r.Findings[0].Message, tt.want) {
			t.Errorf("%q, expected %q at the end", shown(r), tt.want)
		}
	}
}
