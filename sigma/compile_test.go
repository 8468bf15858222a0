package sigma

import (
	"errors"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestTypes tests comparisons that are errors for fields of other types than
// string.
func TestTypes(t *testing.T) {
	for _, tt := range []struct{ why, search, want string }{
		{"text on an integer", "{N: abc}", `case.yml:8:12: detection.s: N is of type integer, and its value is "abc"; expected a decimal number`},
		{"a number on an integer that is not as a channel file reads it", "{N: 010}", `N is of type integer, and its value is "010"; expected a decimal number`},
		{"a wildcard on an integer", "{N: '4*'}", `N is of type integer, and its value is "4*"; expected a decimal number`},
		{"contains on an integer", "{N|contains: 4}", `N is of type integer, and its value is contains "4"; expected a decimal number`},
		{"text on an address", "{IP: localhost}", `IP is of type address, and its value is "localhost"; expected an address, or cidr and a network`},
		{"part of an address", "{IP|startswith: 10.}", `IP is of type address, and its value is startswith "10."; expected an address, or cidr and a network`},
		{"cidr on an integer", "{N|cidr: 10.0.0.0/8}", `case.yml:8:9: detection.s: N|cidr compares addresses, and N is of type integer; expected a field of type string or address`},
		{"gt on an address", "{IP|gt: 4}", `IP|gt compares numbers, and IP is of type address; expected a field of type string or integer`},
		{"fields of two types", "{A|fieldref: N}", `case.yml:8:21: detection.s: A is of type string, and N of type integer; expected fields of the same type`},
		{"a field and itself", "{A|fieldref: A}", `field A is compared with itself; expected another field`},
		{"two addresses", "{IP|fieldref: Peer}", `not supported: a channel file cannot compare two fields of type address`},
		{"the end of an integer", "{N|fieldref|endswith: M}", `N|fieldref|endswith compares strings, and N is of type integer; expected a field of type string`},
	} {
		t.Run(tt.why, func(t *testing.T) {
			_, err := compileText(ruleOf("    s: "+tt.search+"\n    condition: s\n"), typed())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestAllOfOtherTypes checks that all also combines numbers and networks.
func TestAllOfOtherTypes(t *testing.T) {
	for _, tt := range []struct {
		why, search string
		yes, no     event
	}{
		{"two networks", "{IP|cidr|all: [10.0.0.0/8, 10.1.0.0/16]}", event{"IP": "10.1.2.3"}, event{"IP": "10.2.2.3"}},
		{"two comparisons", "{N|gt|all: [1, 5]}", event{"N": "6"}, event{"N": "3"}},
		{"two numbers are never one", "{N|all: [1, 2]}", event{}, event{"N": "1"}},
		{"two addresses are never one", "{IP|all: [10.0.0.1, 10.0.0.2]}", event{}, event{"IP": "10.0.0.1"}},
		{"two other fields", "{A|fieldref|all: [B, C]}", event{"A": "x", "B": "x", "C": "X"}, event{"A": "x", "B": "x", "C": "y"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			def := typed()
			def.Inputs = append(def.Inputs, sensor.Input{Name: "C", Type: sensor.TypeString})
			f, err := compileText(ruleOf("    s: "+tt.search+"\n    condition: s\n"), def)
			if err != nil {
				t.Fatal(err)
			}
			if len(tt.yes) > 0 && !matches(t, f, def, tt.yes) {
				t.Errorf("does not match %v:\n%s", tt.yes, dump(f, def))
			}
			if matches(t, f, def, tt.no) {
				t.Errorf("matches %v:\n%s", tt.no, dump(f, def))
			}
		})
	}
}

// TestLimitsOfTheFormat checks that a rule beyond a limit of the format is
// unsupported, and that the error names the limit.
func TestLimitsOfTheFormat(t *testing.T) {
	for _, tt := range []struct{ why, detection, want string }{
		{"and and or inside each other", "    a: {A: a}\n    b: {B: b}\n    condition: " + strings.Repeat("a or (b and (", 12) + "a" + strings.Repeat("))", 12) + "\n", "MaxDepth"},
		{"searches that are used over and over", "    a: {A: [" + strings.Repeat("x, ", 1000) + "]}\n    condition: a" + strings.Repeat(" or a", 300) + "\n", "the conditions use searches so often that they compare more than 131,072 fields and values in total"},
		{"a value", "    a: {A: '" + strings.Repeat("x", channelfile.MaxValueLength+1) + "'}\n    condition: a\n", "MaxValueLength"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			_, err := compileText(ruleOf(tt.detection), typed())
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) || !strings.Contains(unsupported.Reason, tt.want) {
				t.Errorf("got %v; want an *UnsupportedError with %q", err, tt.want)
			}
		})
	}
}

// TestOtherType checks that a rule is not compiled for a type of another
// logsource, even if the type has the fields.
func TestOtherType(t *testing.T) {
	def := typed()
	def.Name = "process"
	def.Logsources = []sensor.Logsource{{Product: "windows", Category: "process_creation"}}
	_, err := compileText(ruleOf("    s: {A: x}\n    condition: s\n"), def)
	const want = "template type process is not for rules of category pipe_created, product windows"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v; want %q", err, want)
	}
}

// TestErrors checks that the kinds of error differ, and that they contain the
// data for a report.
func TestErrors(t *testing.T) {
	_, err := compileText(ruleOf("    s:\n        - {UtcTime|hour: 5}\n        - {PipeNam: x}\n        - {PipeName|fieldref: PipeName}\n        - {UtcTime|hour: 6}\n    condition: s\n"), ipc(t))
	errs := Errors(err)
	if len(errs) != 3 {
		t.Fatalf("%d errors, %v; want three: one of the two for hour says it", len(errs), errs)
	}
	if e, ok := errs[0].(*UnsupportedError); !ok || e.Line != 9 || e.ID != "929a690e-bef0-4204-a928-ef5e620d6fcc" || e.Title != "Case" || e.Name != "case.yml" {
		t.Errorf("%#v; want an *UnsupportedError in line 9", errs[0])
	}
	if e, ok := errs[1].(*UnknownFieldError); !ok || e.Line != 10 || e.Field != "PipeNam" || e.Nearest != "PipeName" || e.Type != "ipc" || e.Version != 1 || e.Title != "Case" {
		t.Errorf("%#v; want an *UnknownFieldError in line 10", errs[1])
	}
	if e, ok := errs[2].(*Error); !ok || e.Line != 11 {
		t.Errorf("%#v; want an *Error in line 11", errs[2])
	}
	if Errors(nil) != nil {
		t.Error("no error has parts")
	}
}

// TestNearest tests the suggestions for misspelt words.
func TestNearest(t *testing.T) {
	fields := []string{"PipeName", "Image", "User", "ClientImage"}
	for _, tt := range []struct{ why, word, want string }{
		{"two letters swapped", "PipeNmae", "PipeName"},
		{"another case", "pipename", "PipeName"},
		{"one letter less", "Imge", "Image"},
		{"a short word is not near to any other", "Abc", ""},
		{"nothing like it", "RegistryKey", ""},
		{"the empty word", "", ""},
		{"a long word", strings.Repeat("PipeName", 20), ""},
	} {
		if got := nearest(tt.word, fields); got != tt.want {
			t.Errorf("%s: %q is near to %q; want %q", tt.why, tt.word, got, tt.want)
		}
	}
}
