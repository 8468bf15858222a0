package fuzz

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/fuzz/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// TestFactsAtRunTime holds what the gate claims of the files that it accepts
// against what a sensor then does: a number outside of what is claimed is a
// fault of the gate, even where nothing breaks.
func TestFactsAtRunTime(t *testing.T) {
	g := generate.New(5)
	r := rand.New(rand.NewPCG(5, 5))
	events, reads := 0, 0
	for range 400 {
		d := g.Definition()
		data := g.File(d)
		f, err := channelfile.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		fleet := drawnFleet(t, r, d)
		defs := new(sensor.Definitions)
		if err := defs.Add(d); err != nil {
			t.Fatal(err)
		}
		report := validate.Run(validate.ChannelFile("", data), validate.Options{Checks: suite.Checks, Definitions: defs, Fleet: fleet})
		if verdict := report.Verdict(); verdict != validate.Accepted {
			t.Fatalf("the gate has %v for a file of which nothing is missing: %v", verdict, report.Findings)
		}
		claims := sensor.FactsOf(f, report.Needs, d, fleet)
		doc, err := claims.JSON()
		if err != nil {
			t.Fatal(err)
		}
		text, err := fleet.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := facts.Check(data, text, doc); err != nil {
			t.Fatalf("what the gate claims of a file that it accepted does not hold: %v", err)
		}
		model, err := sensor.NewModel(data, generate.Types(d))
		if err != nil {
			t.Fatal(err)
		}
		for i := range fleet.Contracts {
			c := &fleet.Contracts[i]
			inputs := c.Supplies[0].Inputs
			it := sensor.NewInterpreter(f, &sensor.Reader{Access: sensor.Positional})
			steps, ok := claims.Steps(c.Build, "")
			if !ok {
				t.Fatalf("no steps are claimed of build %s, of which all lengths are stated", c.Build)
			}
			run := func(e sensor.Event) bool {
				for k := range e { // as long as the build hands over at most
					if most := inputs[k].MaxLength; most > 0 && len(e[k].Text) > most {
						e[k].Text = e[k].Text[:most]
					}
				}
				trace, err := model.Run(e)
				if err != nil {
					t.Fatal(err)
				}
				events++
				for _, input := range trace.Reads {
					reads++
					if uint64(input) >= claims.Most.Inputs || !claims.InputRead(input) {
						t.Fatalf("input index %d is read; claimed are %v, below %d", input, claims.Reads, claims.Most.Inputs)
					}
				}
				if err := it.Run(e); err != nil {
					t.Fatal(err)
				}
				if trace.Operations > steps || it.Steps() > steps {
					t.Fatalf("an event takes %d operations and is charged %d steps; claimed are at most %d", trace.Operations, it.Steps(), steps)
				}
				return true
			}
			s := sensor.NewSynthesizer(f, nil, generate.Types(d))
			for k := range f.Instances() {
				s.Events(k, len(d.Inputs), run)
			}
			run(g.Event(d, len(d.Inputs)))
		}
	}
	if events < 1000 || reads < events {
		t.Errorf("%d events with %d reads: too few to say anything", events, reads)
	}
}

// drawnFleet returns a fleet of builds that supply all that a type declares, in
// values of different lengths.
func drawnFleet(t *testing.T, r *rand.Rand, d *sensor.Definition) *sensor.Fleet {
	t.Helper()
	f := &sensor.Fleet{Name: "drawn"}
	for i := range 1 + r.IntN(3) {
		c := sensor.Contract{
			Build: fmt.Sprint("b", i), Hosts: 1,
			Reader: sensor.Reader{Evidence: sensor.Stated, Access: sensor.Positional, Formats: []string{channelfile.Version}, Operators: channelfile.Operators()},
		}
		s := sensor.Supply{Type: d.Name, Version: d.Version, Evidence: sensor.Stated}
		for _, in := range d.Inputs {
			supplied := sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.Supplied}
			if in.Type == sensor.String {
				supplied.MaxLength = 1 + r.IntN(300)
			}
			s.Inputs = append(s.Inputs, supplied)
		}
		c.Supplies = append(c.Supplies, s)
		f.Contracts = append(f.Contracts, c)
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
