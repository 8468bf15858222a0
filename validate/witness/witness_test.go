package witness_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// judge judges a case of the corpus, with witnesses.
func judge(t *testing.T, c *corpus.Case) *validate.Report {
	t.Helper()
	r := gatetest.Judge(t, c, suite.Checks...)
	witness.Attach(r)
	return r
}

// TestCorpus holds that each finding that should have a witness has one, which
// can be replayed and shows what it says, or a reason of the list.
func TestCorpus(t *testing.T) {
	classes := map[string]map[interp.WitnessClass]int{}
	for _, c := range corpus.Cases() {
		for _, f := range judge(t, &c).Findings {
			w := f.Witness
			if w == nil {
				if witness.Wants(f.Check) && (f.Check.Family() == 3 || f.Check.Family() == 5) {
					t.Errorf("%s: %s has no witness: %s", c.Name, f.Check, f.Message)
				}
				continue
			}
			if classes[f.Check.ID] == nil {
				classes[f.Check.ID] = map[interp.WitnessClass]int{}
			}
			classes[f.Check.ID][w.Class]++
			if w.Class == interp.WitnessMissing {
				if !slices.Contains(witness.Reasons, w.Reason) || w.Content != nil {
					t.Errorf("%s: %s: no witness, for the reason %q", c.Name, f.Check, w.Reason)
				}
			} else if happens, err := w.Run(); err != nil || happens != w.Happens || happens == "" {
				t.Errorf("%s: %s: the witness says %q; on replay %q, %v", c.Name, f.Check, w.Happens, happens, err)
			}
			data, err := w.JSON()
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			again, err := interp.ReadWitness("w.json", data)
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			if diff := cmp.Diff(w, again); diff != "" {
				t.Errorf("%s: the witness differs after writing and reading (-before +after):\n%s", c.Name, diff)
			}
		}
	}
	// What can be shown is shown: of these checks at least so many cases, and
	// more with a witness than without.
	for id, class := range map[string]interp.WitnessClass{
		"CF3001": interp.WitnessConfirmed, "CF3002": interp.WitnessLatent, "CF3003": interp.WitnessConfirmed, "CF3009": interp.WitnessOverBudget, "CF2006": interp.WitnessConfirmed,
	} {
		if n := classes[id]; n[class] == 0 || n[interp.WitnessMissing] > n[class] {
			t.Errorf("%s: %v; want mostly %v", id, n, class)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(classes)) {
		t.Log(id, classes[id])
	}
}

// TestWitness291 has the witnesses of the story: the smallest file and the
// smallest event.
func TestWitness291(t *testing.T) {
	for _, c := range corpus.Cases() {
		var want interp.Witness
		switch c.Name {
		case "291-july-first-use":
			want = interp.Witness{Class: interp.WitnessConfirmed, Happens: "read of 16 bytes at inputs+320 of 320"}
		case "291-march-latent":
			want = interp.Witness{Class: interp.WitnessLatent, Happens: "read of 16 bytes at inputs+320 of 320", Edit: "a criterion on input 21 (index 20), ClientImage"}
		default:
			continue
		}
		w := judge(t, &c).Findings[0].Witness
		if w == nil || w.Class != want.Class || w.Happens != want.Happens || w.Edit != want.Edit || w.Build != "7.11" {
			t.Errorf("%s: the witness is %+v", c.Name, w)
			continue
		}
		f, err := channelfile.Parse(w.Content)
		if err != nil || f.Conformance() != 0 {
			t.Fatalf("%s: the file of the witness: %v", c.Name, err)
		}
		if f.Instances() != 1 || f.Criteria() != 1 || len(w.Event) != 20 {
			t.Errorf("%s: %d instances, %d criteria, %d inputs; want one, one and 20", c.Name, f.Instances(), f.Criteria(), len(w.Event))
		}
		for i := range w.Event {
			if w.Event[i].Present() {
				t.Errorf("%s: input %d has a value, and needs none", c.Name, i)
			}
		}
	}
}

// TestWitnessThatShowsNothing holds that a replay does not take a witness at its
// word.
func TestWitnessThatShowsNothing(t *testing.T) {
	for _, c := range corpus.Cases() {
		if c.Name != "291-july-first-use" {
			continue
		}
		w := *judge(t, &c).Findings[0].Witness
		w.Event = append(slices.Clone(w.Event), interp.Value{}) // the input that was missing
		if happens, err := w.Run(); err == nil {
			t.Errorf("with the input there, %q happens", happens)
		}
		w.Content = []byte("no channel file")
		if happens, err := w.Run(); err != nil {
			t.Errorf("the sensor does not even look for its sections: %v", err)
		} else if happens != "read of 4 bytes at file+44 of 15" {
			t.Errorf("of no channel file %q happens", happens)
		}
		return
	}
	t.Fatal("the case is not in the corpus")
}

// TestWitnessOfForeignProgram holds that a criterion which no builder makes, for
// its program is not that of its source, has a witness all the same.
func TestWitnessOfForeignProgram(t *testing.T) {
	for _, c := range corpus.Cases() {
		if !slices.Contains(c.Checks, "CF2009") {
			continue
		}
		opts := gatetest.Options(t, &c, suite.Checks...)
		fleet := *opts.Fleet
		fleet.Contracts = slices.Clone(fleet.Contracts[:1])
		build := &fleet.Contracts[0]
		build.Reader.Access = sensor.AccessPositional
		build.Supplies = slices.Clone(build.Supplies)
		for i := range build.Supplies {
			build.Supplies[i].Inputs, build.Supplies[i].Acknowledged = nil, nil
		}
		opts.Fleet = &fleet
		r := validate.Run(validate.ChannelFile("", c.Data), opts)
		witness.Attach(r)
		for _, f := range r.Findings {
			if f.Check.ID == "CF3001" && (f.Witness == nil || f.Witness.Class != interp.WitnessConfirmed) {
				t.Errorf("%s: %s: the witness is %+v; expected one that is confirmed", c.Name, f.Message, f.Witness)
			}
			if f.Check.ID == "CF3001" {
				return
			}
		}
	}
	t.Fatal("no case of CF2009 had a finding of CF3001")
}
