package fuzz

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestFactsAtRunTime compares the gate's claims about accepted files with the behaviour of a
// sensor. A number outside a claim is an error of the gate, even if it does no harm.
func TestFactsAtRunTime(t *testing.T) {
	g := generate.New(5)
	r := rand.New(rand.NewPCG(5, 5))
	events, reads := 0, 0
	files := 400
	if testing.Short() {
		files = 100
	}
	for range files {
		d := g.Definition()
		data := g.File(d)
		f, err := channelfile.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		fleet := drawnFleet(t, r, d)
		defs := testkit.Definitions(t, d)
		report := validate.Run(validate.ChannelFile("", data), validate.Options{Checks: suite.Checks, Definitions: defs, Fleet: fleet})
		if oracle.MatchesAll(report) {
			continue
		}
		if verdict := report.Verdict(); verdict != validate.Accepted {
			t.Fatalf("the verdict is %v on a file for which no build lacks anything: %v", verdict, report.Findings)
		}
		claims := certify.Facts(f, report.Needs, d, fleet)
		doc, err := claims.JSON()
		if err != nil {
			t.Fatal(err)
		}
		text, err := fleet.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := facts.Check(data, text, doc); err != nil {
			t.Fatalf("a claim of the gate about an accepted file is false: %v", err)
		}
		model, err := interp.NewModel(data, d.Types())
		if err != nil {
			t.Fatal(err)
		}
		for i := range fleet.Contracts {
			c := &fleet.Contracts[i]
			inputs := c.Supplies[0].Inputs
			it := interp.New(f, &sensor.Reader{Access: sensor.AccessPositional})
			steps, ok := claims.Steps(c.Build, "")
			if !ok {
				t.Fatalf("there is no claim about the steps of build %s, which states all lengths", c.Build)
			}
			model.Assert(claims, steps)
			run := func(e interp.Event) bool {
				for k := range e { // as long as the build may pass
					if most := inputs[k].MaxLength; most > 0 && len(e[k].Text) > most {
						e[k].Text = e[k].Text[:most]
					}
				}
				trace, err := model.Run(e)
				if err != nil {
					t.Fatal(err)
				}
				events++
				reads += len(trace.Reads)
				if err := it.Run(e); err != nil {
					t.Fatal(err)
				}
				if it.Steps() > steps {
					t.Fatalf("an event is charged %d steps; the claim is at most %d", it.Steps(), steps)
				}
				return true
			}
			s := interp.NewSynthesizer(f, nil, d.Types())
			for k := range f.Instances() {
				s.Events(k, len(d.Inputs), run)
			}
			run(g.Event(d, len(d.Inputs)))
		}
	}
	if events < 1000 || reads < events {
		t.Errorf("%d events with %d reads; want more", events, reads)
	}
}

// TestAssert checks that the model asserts each claimed number: if one claim is lowered by
// one, the model reports it on some event.
func TestAssert(t *testing.T) {
	d := &sensor.Definition{Name: "t", Number: 2910, Version: 3, Channel: 291, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeString, MaxLength: 8}, {Name: "B", Type: sensor.TypeString, MaxLength: 8}}}
	data := testkit.Encode(t, testkit.HeaderOf(d), channelfile.And(channelfile.Equals(0, "ab", "cde"), channelfile.Or(channelfile.Regexp(1, "a+b"), channelfile.Exists(1))))
	f := testkit.Parse(t, data)
	event := interp.Event{interp.Text("ab"), interp.Text("aab")}
	const steps = 1000
	run := func(change func(*facts.Facts)) error {
		claims := certify.Facts(f, sensor.NeedsOf(f, nil), d, &sensor.Fleet{})
		change(claims)
		model, err := interp.NewModel(data, d.Types())
		if err != nil {
			t.Fatal(err)
		}
		model.Assert(claims, steps)
		_, err = model.Run(event)
		return err
	}
	if err := run(func(*facts.Facts) {}); err != nil {
		t.Fatalf("a claim is false: %v", err)
	}
	for what, change := range map[string]func(*facts.Facts){
		"inputs up to the last":   func(c *facts.Facts) { c.Most.Inputs-- },
		"is read, but the claims": func(c *facts.Facts) { c.Reads = c.Reads[:1] },
		"words of a condition":    func(c *facts.Facts) { c.Most.Words-- },
		"truths on the stack":     func(c *facts.Facts) { c.Most.Stack-- },
		"operands of a":           func(c *facts.Facts) { c.Most.Operands-- },
		"bytes of a value":        func(c *facts.Facts) { c.Most.ValueLength-- },
		"instructions of a":       func(c *facts.Facts) { c.Most.Instructions-- },
		"occurs, but the claims":  func(c *facts.Facts) { c.Operators = c.Operators[1:] },
		"section values has":      func(c *facts.Facts) { c.Sections[4].Count++ },
		"section programs has":    func(c *facts.Facts) { c.Sections[6].Offset += 8 },
		"section conditions has":  func(c *facts.Facts) { c.Sections[1].Length += 4 },
	} {
		var violation *interp.Violation
		if err := run(change); !errors.As(err, &violation) || !strings.Contains(err.Error(), what) {
			t.Errorf("%v; want an error with %q", err, what)
		}
	}
	model, err := interp.NewModel(data, d.Types())
	if err != nil {
		t.Fatal(err)
	}
	model.Assert(certify.Facts(f, sensor.NeedsOf(f, nil), d, &sensor.Fleet{}), 5)
	if _, err := model.Run(event); err == nil || !strings.Contains(err.Error(), "at most 5 are claimed") {
		t.Errorf("%v; want an error about 5 steps", err)
	}
}

// drawnFleet returns a fleet of builds that supply every declared input, with values of
// different lengths.
func drawnFleet(t *testing.T, r *rand.Rand, d *sensor.Definition) *sensor.Fleet {
	t.Helper()
	f := &sensor.Fleet{Name: "drawn"}
	for i := range 1 + r.IntN(3) {
		s := testkit.Supply(d)
		for k := range s.Inputs {
			s.Inputs[k].MaxLength = 0
			if s.Inputs[k].Type == sensor.TypeString {
				s.Inputs[k].MaxLength = 1 + r.IntN(300)
			}
		}
		f.Contracts = append(f.Contracts, testkit.Contract(fmt.Sprint("b", i), 1, sensor.AccessPositional, s))
	}
	text, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if f, err = sensor.ReadFleet("drawn", text); err != nil {
		t.Fatal(err)
	}
	return f
}
