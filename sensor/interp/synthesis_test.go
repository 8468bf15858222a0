package interp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestSynthesizerBothWays tests that each criterion holds for some of its events and fails for
// others. If a criterion always failed, most of its code would not run.
func TestSynthesizerBothWays(t *testing.T) {
	var classes strings.Builder
	for i := range 300 {
		fmt.Fprintf(&classes, `[\x{%x}-\x{%x}]`, 0xE000+3*i, 0xE001+3*i)
	}
	network := netip.MustParsePrefix("10.1.0.0/16")
	for _, tt := range []struct {
		why   string
		e     cf.Expr
		types []sensor.InputType // types of the inputs; nil means strings
	}{
		{"presence", cf.Exists(0), nil},
		{"a text", cf.Equals(0, "abc"), nil},
		{"an empty text, which an event has from the start", cf.Equals(0, ""), nil},
		{"one of several texts", cf.Equals(0, "abc", "abd"), nil},
		{"a text whose case does not matter", cf.Equals(0, "abc").Fold(), nil},
		{"the start of a text", cf.Prefix(0, "abc"), nil},
		{"the end of a text", cf.Suffix(0, "abc").Fold(), nil},
		{"all of some parts of a text", cf.Contains(0, "abc", "def").All(), nil},
		{"wildcards", cf.Pattern(0, "a?c*f"), nil},
		{"an expression", cf.Regexp(0, "ab+c|[x-z]{3}"), nil},
		{"an expression of more classes than a byte counts", cf.Regexp(0, classes.String()), nil},
		{"a number", cf.IntegerEquals(0, 291), []sensor.InputType{sensor.TypeInteger}},
		{"a number that is handed over as a text", cf.IntegerEquals(0, 291), nil},
		{"numbers from and to", cf.IntegerRange(0, [2]int64{20, 21}), []sensor.InputType{sensor.TypeInteger}},
		{"a network", cf.AddressPrefix(0, network), []sensor.InputType{sensor.TypeAddress}},
		{"a network, for a text", cf.AddressPrefix(0, network), nil},
		{"two texts", cf.EqualsInput(0, 1), nil},
		{"a text and the start of it", cf.PrefixInput(0, 1), nil},
		{"a text and the end of it", cf.SuffixInput(0, 1), nil},
		{"a text and all of two others", cf.EqualsInput(0, 1, 2).All(), nil},
		{"a number and all of two others, of which the last is no number yet", cf.IntegerEqualsInput(0, 1, 2).All(), []sensor.InputType{sensor.TypeInteger, sensor.TypeInteger, sensor.TypeString}},
		{"a number and any of two others, and what it compares with first is itself", cf.IntegerEqualsInput(1, 0, 1).All(), nil},
		{"two numbers", cf.IntegerEqualsInput(0, 1), []sensor.InputType{sensor.TypeInteger, sensor.TypeInteger}},
		{"two numbers that are handed over as texts: an empty text is none", cf.IntegerEqualsInput(0, 1), nil},
		{"a number and one that is handed over as a text", cf.IntegerEqualsInput(0, 1), []sensor.InputType{sensor.TypeInteger, sensor.TypeString}},
		{"a text that reads as a number, and a number", cf.IntegerEqualsInput(0, 1), []sensor.InputType{sensor.TypeString, sensor.TypeInteger}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed}, tt.e)
			s := NewSynthesizer(it.file, nil, tt.types)
			var seen []bool // result of the criterion, by event
			if !s.Events(0, 3, func(e Event) bool {
				if err := it.Run(e); err != nil {
					t.Fatalf("%v: %v", e, err)
				}
				seen = append(seen, len(it.Matched()) == 1)
				return true
			}) {
				t.Error("not all events were made, and there is no limit")
			}
			if !slices.Contains(seen, true) || !slices.Contains(seen, false) {
				t.Errorf("it held %v; expected both ways", seen)
			}
		})
	}
}

// TestSynthesizerComparedInput tests that a comparison of two inputs is made to hold even if its
// own input already has the right value and the other input does not.
func TestSynthesizerComparedInput(t *testing.T) {
	it := interpreterOf(t, sensor.Reader{Access: sensor.AccessNamed}, cf.And(cf.IntegerEquals(1, 1), cf.Or(cf.Exists(0), cf.IntegerEqualsInput(1, 2))))
	equal := false
	NewSynthesizer(it.file, nil, nil).Events(0, 3, func(e Event) bool {
		equal = equal || string(e[1].Text) == "1" && string(e[2].Text) == "1"
		return true
	})
	if !equal {
		t.Error("no event has 1 as both inputs")
	}
}
