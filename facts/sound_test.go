package facts_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// repaired returns facts with the digests of a file and a fleet, as an attacker would write them.
// It returns nil if doc is not facts.
func repaired(doc, file, fleet []byte) []byte {
	var claims facts.Facts
	if json.Unmarshal(doc, &claims) != nil {
		return nil
	}
	claims.File, claims.Fleet = digest(file), digest(fleet)
	return must(claims.JSON())
}

// sound tests that facts that the checker accepts are true. A sensor that checks nothing, built by
// each contract, stays inside the file and its inputs and below the claimed steps. The gate
// rejects the file only for reasons that the checker need not see. Sound skips files that the
// reader of the gate cannot read.
func sound(t testing.TB, file, fleetDoc, doc []byte, seed uint64) {
	t.Helper()
	var claims facts.Facts
	if err := json.Unmarshal(doc, &claims); err != nil {
		t.Fatalf("the checker takes what is no JSON: %v", err)
	}
	d := definitionOf(file, &claims)
	model, err := interp.NewModel(file, d.Types())
	if err != nil {
		t.Fatalf("the checker takes a file of which a sensor finds no sections: %v", err)
	}
	fleet, err := sensor.ReadFleet("fleet", fleetDoc)
	if err != nil {
		return
	}
	g := generate.New(seed)
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		for _, s := range c.SuppliesOf(d.Name, d.Version) {
			steps, bounded := claims.Steps(c.Build, s.Feed)
			run := func(e interp.Event) {
				e = handedOver(c, s, d, e)
				trace, err := model.Run(e)
				if err != nil {
					t.Fatalf("the checker takes a file on which a sensor like build %s makes a %v", c.Build, err)
				}
				if bounded && trace.Operations > steps {
					t.Fatalf("an event takes build %s %d operations; %d steps are claimed", c.Build, trace.Operations, steps)
				}
				for _, input := range trace.Reads {
					if !claims.InputRead(input) || uint64(input) >= claims.Most.Inputs {
						t.Fatalf("input index %d is read; the facts do not say so", input)
					}
				}
			}
			events(g, file, d, run)
		}
	}
	judged(t, file, fleet, d)
}

// definitionOf returns the definition that the facts describe.
func definitionOf(file []byte, claims *facts.Facts) *sensor.Definition {
	d := &sensor.Definition{
		Name: claims.Type.Name, Number: claims.Type.Number, Version: claims.Type.Version, Channel: uint32(u32(file, 0x0C)),
	}
	for _, in := range claims.Type.Inputs {
		typ := map[string]sensor.InputType{"string": sensor.TypeString, "integer": sensor.TypeInteger, "address": sensor.TypeAddress}[in.Type]
		d.Inputs = append(d.Inputs, sensor.Input{Name: in.Name, Type: typ})
	}
	return d
}

// events generates events that reach the criteria of a file, and some random events.
func events(g *generate.Generator, file []byte, d *sensor.Definition, run func(interp.Event)) {
	if f, err := channelfile.Parse(file); err == nil {
		s := interp.NewSynthesizer(f, nil, d.Types())
		run(s.Filled(len(d.Inputs)))
		for i := range min(f.Instances(), 4) {
			n := 0
			s.Events(i, len(d.Inputs), func(e interp.Event) bool {
				run(e)
				n++
				return n < 10
			})
		}
	}
	for range 2 {
		run(g.Event(d, len(d.Inputs)))
	}
}

// handedOver returns the part of a complete event that a build supplies. A reader by position gets
// its array, a reader by name the inputs that it finds. No value is longer than its contract
// states, and a constant input has one of its values.
func handedOver(c *sensor.Contract, s *sensor.Supply, d *sensor.Definition, e interp.Event) interp.Event {
	n := len(e)
	if c.Reader.Access == sensor.AccessPositional {
		n = len(s.Inputs)
	}
	out := make(interp.Event, n)
	for i := range out {
		name := ""
		if i < len(d.Inputs) {
			name = d.Inputs[i].Name
		}
		in := s.Input(c.Reader.Access, i, name)
		if constants := interp.Constants(&in); len(constants) > 0 {
			out[i] = constants[len(e)%len(constants)]
			for _, v := range constants {
				if i < len(e) && v.Type == e[i].Type && len(v.Text) == len(e[i].Text)%8 {
					out[i] = v
				}
			}
			continue
		}
		if in.State == sensor.StateNotSupplied || i >= len(e) || e[i].Type != in.Type {
			continue
		}
		out[i] = e[i]
		if room := in.Room(); room > 0 && len(out[i].Text) > room {
			out[i].Text = out[i].Text[:room]
		}
	}
	return out
}

// judged tests that the gate rejects a file whose facts hold only for reasons that the checker
// need not see.
func judged(t testing.TB, file []byte, fleet *sensor.Fleet, d *sensor.Definition) {
	t.Helper()
	defs := new(sensor.Definitions)
	if defs.Add(d) != nil {
		return
	}
	r := validate.Run(validate.ChannelFile("", file), validate.Options{
		Checks: suite.Checks, Definitions: defs, Fleet: fleet, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), AllowEmpty: true,
	})
	for _, f := range r.Findings {
		id := f.Check.ID
		known := f.Severity() != validate.Error || unseen[id] != "" || strings.HasPrefix(id, "CF4") || strings.HasPrefix(id, "CF6") || strings.HasPrefix(id, "CF7")
		switch id {
		case "CF1003", "CF1010", "CF1011": // about provenance, or about numbers that no sensor uses
			known = slices.ContainsFunc([]string{"provenance", "origin", "use", "text", "channel", "revision", "version", "created", "program"}, func(s string) bool {
				return strings.Contains(f.Where.Path+f.Message, s)
			})
		case "CF3003":
			known = strings.Contains(f.Message, "nothing reads it yet")
		}
		if !known {
			t.Fatalf("the checker takes facts of a file that the gate rejects: %s %s", id, f.Message)
		}
	}
}

// TestMutations tests that one changed byte in the file, the fleet or the facts is refused or does
// no harm, even if the digests in the facts are corrected.
func TestMutations(t *testing.T) {
	file, fleet, claims := small(t)
	doc := must(claims.JSON())
	r := rand.New(rand.NewPCG(1, 2))
	took := map[string]int{}
	for _, tt := range []struct {
		what string
		data []byte
		by   []byte // values to change bytes to
	}{
		{"file", file, []byte{1, 0x80, 0xFF, 0}},
		{"fleet", fleet, []byte{1, 0x20, 0}},
		{"facts", doc, []byte{1, 0x20, 0}},
	} {
		step := 1
		if testing.Short() {
			step = 7
		} else if !longtest.Enabled() {
			step = 3
		}
		for i := 0; i < len(tt.data); i += step {
			by := tt.by[r.IntN(len(tt.by))]
			changed := slices.Clone(tt.data)
			if changed[i] ^= by; by == 0 {
				changed[i] = byte(r.IntN(256))
			}
			f, of, d := file, fleet, doc
			switch tt.what {
			case "file":
				f = changed
			case "fleet":
				of = changed
			case "facts":
				d = changed
			}
			if tt.what != "facts" {
				if !bytes.Equal(changed, tt.data) && refusal(t, f, of, d) == "" {
					t.Fatalf("byte %d of the %s is another, and the facts of the former hold", i, tt.what)
				}
				d = repaired(d, f, of)
			}
			if refusal(t, f, of, d) == "" {
				took[tt.what]++
				if took[tt.what]%4 == 0 {
					sound(t, f, of, d, uint64(i))
				}
			}
		}
		if n := took[tt.what]; n == 0 || n > len(tt.data)*9/10 {
			t.Errorf("of %d changes of the %s the checker takes %d: that is not what it was", len(tt.data), tt.what, n)
		}
	}
}

// FuzzFacts tests that the checker returns on any input, and accepts only true facts.
func FuzzFacts(f *testing.F) {
	for i, s := range subjects(f) {
		if claims := s.claims(); claims != nil && len(s.Data) < 4096 && i%5 == 0 {
			f.Add(s.Data, s.doc, must(claims.JSON()))
		}
	}
	file, fleet, claims := small(f)
	f.Add(file, fleet, must(claims.JSON()))
	f.Fuzz(func(t *testing.T, file, fleet, doc []byte) {
		if refusal(t, file, fleet, doc) == "" {
			sound(t, file, fleet, doc, 1)
		}
		if doc = repaired(doc, file, fleet); doc != nil && refusal(t, file, fleet, doc) == "" {
			sound(t, file, fleet, doc, 2)
		}
	})
}
