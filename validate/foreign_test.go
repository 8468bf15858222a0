package validate_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// Acme is a sensor vendor with a format of its own for pipe rules. All of it
// is big-endian:
//
//	header     "ACME", u16 declared fields, u32 revision, u16 rules
//	rule       16 bytes ID, u8 criteria
//	criterion  u8 field, from 1; u8 operator: 1 is, 2 starts with, 3 ends with; u8 length; the text
//
// decodeAcme makes a subject of such a file that the gate judges as if it were
// a channel file. Findings speak of Acme's own offsets: each record that is
// read gets a number, which travels in the provenance as a line does, and
// Origin turns it back into a place.
func decodeAcme(name string, data []byte) (*validate.Subject, error) {
	errShort := errors.New("the file ends in the middle of a record")
	if len(data) < 12 || string(data[:4]) != "ACME" {
		return nil, errors.New("not a file of Acme's")
	}
	be := binary.BigEndian
	b := channelfile.NewBuilder(channelfile.Header{
		Channel: 291, Type: 1, TypeVersion: 1,
		InputsDeclared: be.Uint16(data[4:]), Revision: be.Uint32(data[6:]),
	})
	header := map[string]channelfile.Range{"header.inputs_declared": {Start: 4, End: 6}}
	var places []channelfile.Range // of the records, by number from 1
	at := 12
	place := func(n int) int {
		places = append(places, channelfile.Range{Start: at, End: at + n})
		at += n
		return len(places)
	}
	for range be.Uint16(data[10:]) {
		if len(data)-at < 17 {
			return nil, errShort
		}
		id, criteria := channelfile.ID(data[at:]), data[at+16]
		rule := place(17)
		var all []channelfile.Expr
		for range criteria {
			if len(data)-at < 3 || len(data)-at < 3+int(data[at+2]) {
				return nil, errShort
			}
			field, operator, text := int(data[at])-1, data[at+1], string(data[at+3:][:data[at+2]])
			make := map[byte]func(int, ...string) channelfile.Expr{1: channelfile.Equals, 2: channelfile.Prefix, 3: channelfile.Suffix}[operator]
			if make == nil {
				return nil, fmt.Errorf("0x%x: operator %d; there are 1, 2 and 3", at+1, operator)
			}
			all = append(all, make(field, text).From(place(3+len(text)), ""))
		}
		if err := b.Add(id, channelfile.And(all...), &channelfile.Origin{Line: rule}); err != nil {
			return nil, fmt.Errorf("0x%x: %w", places[rule-1].Start, err)
		}
	}
	encoded, err := b.Encode()
	if err != nil {
		return nil, err
	}
	s := validate.Rules(name, encoded)
	s.Origin = func(part validate.Part) (validate.Position, bool) {
		r, ok := header[part.Path]
		if n := part.From.Line; n > 0 {
			r, ok = places[n-1], true
		}
		return validate.Position{Path: name, Range: r}, ok
	}
	return s, nil
}

// An acmeRule is a rule that the tests write in Acme's format.
type acmeRule struct {
	id       byte
	criteria []acmeCriterion
}

type acmeCriterion struct {
	field, operator byte
	text            string
}

func encodeAcme(declared uint16, rules ...acmeRule) []byte {
	be := binary.BigEndian
	out := be.AppendUint16([]byte("ACME"), declared)
	out = be.AppendUint32(out, 32)
	out = be.AppendUint16(out, uint16(len(rules)))
	for _, r := range rules {
		out = append(out, make([]byte, 15)...)
		out = append(out, r.id, byte(len(r.criteria)))
		for _, c := range r.criteria {
			out = append(out, c.field, c.operator, byte(len(c.text)))
			out = append(out, c.text...)
		}
	}
	return out
}

// A file in a vendor's own format is judged by the same checks. The rule of 19
// July 2024 is found at the offset where it stands in the vendor's file.
func ExampleRules() {
	data := encodeAcme(21,
		acmeRule{1, []acmeCriterion{{6, 2, `\demo`}, {7, 3, `\demo.exe`}}},
		acmeRule{2, []acmeCriterion{{6, 2, `\demo`}, {21, 1, "demo"}}},
	)
	subject, err := decodeAcme("pipes.acme", data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fleet, _ := builtin.Fleet("291")
	report := validate.Run(subject, validate.Options{
		Checks:      suite.Checks,
		Definitions: builtin.Definitions(),
		Fleet:       fleet,
	})
	fmt.Println(report.Verdict())
	for _, f := range report.Findings {
		at := f.Where.Source
		fmt.Printf("%s:0x%x: %s\n  % x\n", at.Path, at.Range.Start, f.Message, data[at.Range.Start:at.Range.End])
	}
	// Output:
	// rejected
	// pipes.acme:0x4a: instance 00000000-0000-0000-0000-000000000002 reads input 21 (index 20) of type ipc
	//   15 01 04 64 65 6d 6f
}

func TestForeignFormat(t *testing.T) {
	onPipe := acmeCriterion{6, 2, `\demo`}
	onClient := acmeCriterion{21, 1, "demo"}
	long := acmeCriterion{2, 1, string(slices.Repeat([]byte("x"), 65))} // EventType has at most 64
	tests := []struct {
		name  string
		data  []byte
		fleet string
		check string // that finds something; empty: none
		at    channelfile.Range
		why   string
	}{
		{"good", encodeAcme(21, acmeRule{1, []acmeCriterion{onPipe}}), "reference", "", channelfile.Range{}, "nothing to say"},
		{"the first criterion", encodeAcme(21, acmeRule{1, []acmeCriterion{onClient}}), "291", "CF3001", channelfile.Range{Start: 29, End: 36}, "header, rule, then it"},
		{"the second criterion", encodeAcme(21, acmeRule{1, []acmeCriterion{onPipe, onClient}}), "291", "CF3001", channelfile.Range{Start: 37, End: 44}, "after the first"},
		{"written last, encoded first", encodeAcme(21, acmeRule{9, []acmeCriterion{onPipe}}, acmeRule{1, []acmeCriterion{onClient}}), "291", "CF3001", channelfile.Range{Start: 54, End: 61}, "a channel file sorts rules by ID, and what is found is still where it was written"},
		{"twice on one input", encodeAcme(21, acmeRule{1, []acmeCriterion{{2, 1, "short"}, long}}), "reference", "CF2007", channelfile.Range{Start: 37, End: 105}, "the one that is at fault, not the other on the same input"},
		{"header", encodeAcme(22, acmeRule{1, []acmeCriterion{onPipe}}), "291", "CF2004", channelfile.Range{Start: 4, End: 6}, "what stands in the header is found there"},
		{"latent", encodeAcme(21, acmeRule{1, []acmeCriterion{onPipe}}), "291", "CF3002", channelfile.Range{Start: 4, End: 6}, "what the header declares, and a build does not supply"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := decodeAcme("pipes.acme", tt.data)
			if err != nil {
				t.Fatal(err)
			}
			r := validate.Run(s, validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: testkit.Fleet(t, tt.fleet)})
			if tt.check == "" {
				if r.Verdict() != validate.Accepted || len(r.Findings) > 0 {
					t.Errorf("%v, %v; expected nothing: %s", r.Verdict(), r.Findings, tt.why)
				}
				return
			}
			if r.Errors() != 1 {
				t.Fatalf("%d errors, expected one", r.Errors())
			}
			f := r.Findings[0] // errors come first
			if f.Where.Range.Len() > 0 {
				t.Errorf("%v speaks of bytes %v of a channel file that nobody has", f.Check, f.Where.Range)
			}
			if f.Check.ID != tt.check || f.Where.Source != (validate.Position{Path: "pipes.acme", Range: tt.at}) {
				t.Errorf("%v at %+v, expected %s at %v: %s", f.Check, f.Where.Source, tt.check, tt.at, tt.why)
			}
		})
	}
}

// TestForeignFormatBroken holds that what the decoder refuses has no verdict.
func TestForeignFormatBroken(t *testing.T) {
	good := encodeAcme(21, acmeRule{1, []acmeCriterion{{6, 2, `\demo`}}})
	for n := range good {
		if _, err := decodeAcme("pipes.acme", good[:n]); err == nil {
			t.Errorf("the first %d bytes are taken for a file", n)
		}
	}
	for _, tt := range []struct {
		name string
		data []byte
		why  string
	}{
		{"operator", encodeAcme(21, acmeRule{1, []acmeCriterion{{6, 4, "a"}}}), "Acme has no such operator"},
		{"field", encodeAcme(21, acmeRule{1, []acmeCriterion{{22, 1, "a"}}}), "the Builder refuses what is not declared"},
		{"field 0", encodeAcme(21, acmeRule{1, []acmeCriterion{{0, 1, "a"}}}), "fields count from 1"},
		{"no criteria", encodeAcme(21, acmeRule{1, nil}), "a rule of nothing matches everything"},
		{"the same ID", encodeAcme(21, acmeRule{1, []acmeCriterion{{6, 1, "a"}}}, acmeRule{1, []acmeCriterion{{6, 1, "b"}}}), "of two rules one would be lost"},
	} {
		if _, err := decodeAcme("pipes.acme", tt.data); err == nil {
			t.Errorf("%s: no error, but %s", tt.name, tt.why)
		}
	}
}
