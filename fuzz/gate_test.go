package fuzz

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/fuzz/internal/edits"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// now is the time of all judgements.
var now = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

// The bits of an input that choose how it is judged.
const (
	howRepaired   = 1 << iota // repair its digests first
	howEncoded                // encode it again first, if possible
	howWarnings               // warnings reject
	howEmpty                  // a file without instances is accepted
	howFew                    // keep one finding of each check
	howRules                  // judge it as compiled rules
	howWithoutNow             // acknowledgements have expired
	howNamed                  // use the file name that its header states
)

func FuzzGate(f *testing.F) {
	gateSeeds(f, func(data, spec []byte, how byte) { f.Add(data, spec, how) })
	f.Fuzz(func(t *testing.T, data, spec []byte, how byte) {
		s, opts := gateInput(data, spec, how)
		r := validate.Run(s, opts)
		gatetest.CheckReport(t, opts, r)
		again := validate.Run(s, opts)
		if !sameReport(r, again) {
			t.Errorf("two runs differ:\n%+v\n%+v", r, again)
		}
		checkPrepared(t, s, opts, r)
		checkVerdict(t, s, opts, r)
	})
}

// checkPrepared checks that a subject gets the same report after it was judged for other
// fleets: each build alone, no fleet, and the same fleet.
func checkPrepared(t *testing.T, s *validate.Subject, opts validate.Options, r *validate.Report) {
	t.Helper()
	j := validate.Prepare(s, opts)
	others := []*sensor.Fleet{nil, opts.Fleet}
	if opts.Fleet != nil {
		for i := range min(len(opts.Fleet.Contracts), 3) {
			others = append(others, &sensor.Fleet{Name: "one", Contracts: opts.Fleet.Contracts[i : i+1]})
		}
	}
	for _, f := range others {
		j.Run(f, nil)
	}
	if again := j.Run(opts.Fleet, nil); !sameReport(r, again) {
		t.Errorf("the report differs after the file was judged for other fleets:\n%+v\n%+v", r, again)
	}
}

// gateSeeds calls add with each file, with each case of the corpus and its fleet, and with the
// files of the incident of channel 291 on builds with one input too few, just enough, and one
// too many.
func gateSeeds(t testing.TB, add func(data, spec []byte, how byte)) {
	t.Helper()
	if worker() {
		return
	}
	if testing.Short() && !fuzzing() { // one in five
		all, n := add, 0
		add = func(data, spec []byte, how byte) {
			if n++; n%5 == 0 {
				all(data, spec, how)
			}
		}
	}
	for _, data := range seeds(t) {
		add(data, []byte{1}, 0)
	}
	for _, c := range corpus.Cases() {
		if c.FleetData != nil && len(c.Data) <= maxSeed {
			add(c.Data, []byte{byte(fleetNamed(t, c.Fleet))}, howNamed)
		}
	}
	for _, name := range []string{"291-march-state", "291-july-first-use", "every-operator", "provenance"} {
		data := gatetest.Case(t, name).Data
		for inputs := range byte(4) {
			for _, flags := range []byte{0, buildNamed, buildRefuses | buildOther, buildFeeds, buildLimits, buildBudget, buildFormats, buildOperators} {
				add(data, made(build{flags}, 19+inputs), howRepaired)
				add(data, append(made(build{flags}, 19+inputs), 30, 40, 50, 60), howEncoded)
			}
		}
		for limit := range byte(6) {
			for _, most := range []byte{1, 3, 4, 5, 8, 200} {
				add(data, []byte{generated, buildLimits, limit, most, 21, 0}, howEncoded)
			}
		}
	}
}

// TestGateSeeds checks that the seeds of FuzzGate get every verdict and reach the checks of
// every family, so that its properties are not empty.
func TestGateSeeds(t *testing.T) {
	verdicts, families := map[validate.Verdict]int{}, map[int]int{}
	gateSeeds(t, func(data, spec []byte, how byte) {
		r := validate.Run(gateInput(data, spec, how))
		verdicts[r.Verdict()]++
		for _, total := range r.Totals {
			families[total.Check.Family()]++
		}
	})
	least := 10
	if testing.Short() {
		least = 1
	}
	for v := validate.Undecided; v <= validate.Rejected; v++ {
		if verdicts[v] < least {
			t.Errorf("%d seeds are %v; want many of each: %v", verdicts[v], v, verdicts)
		}
	}
	for family := range 4 {
		if families[family] < least {
			t.Errorf("%d findings of family %d; want many of each: %v", families[family], family, families)
		}
	}
}

func fleetNamed(t testing.TB, name string) int {
	t.Helper()
	i := slices.IndexFunc(fleets(), func(f *sensor.Fleet) bool { return f != nil && f.Name == name })
	if i < 0 {
		t.Fatalf("unknown fleet %s", name)
	}
	return i
}

// gateInput returns the subject and the options that an input describes.
func gateInput(data, spec []byte, how byte) (*validate.Subject, validate.Options) {
	has := func(bit byte) bool { return how&bit != 0 }
	if has(howRepaired) {
		data = edits.Repaired(data)
	}
	name := ""
	var def *sensor.Definition
	if f, err := channelfile.Parse(data); err == nil {
		if encoded, err := channelfile.Encode(f); err == nil && has(howEncoded) {
			data = encoded
		}
		if has(howNamed) {
			name = channelfile.FileName(f.Header)
		}
		def = definitions().ByNumber(f.Header.Type, f.Header.TypeVersion)
	}
	s := validate.ChannelFile(name, data)
	if has(howRules) {
		s = validate.Rules(name, data)
	}
	opts := validate.Options{
		Checks: suite.Checks, Definitions: definitions(), Fleet: fleetOf(spec, def), Now: now,
		FailOnWarnings: has(howWarnings), AllowEmpty: has(howEmpty),
	}
	if has(howFew) {
		opts.MaxFindings = 1
	}
	if has(howWithoutNow) {
		opts.Now = time.Time{}
	}
	return s, opts
}

func sameReport(a, b *validate.Report) bool {
	return a.Verdict() == b.Verdict() && a.Counts == b.Counts &&
		reflect.DeepEqual(a.Findings, b.Findings) && reflect.DeepEqual(a.Summaries, b.Summaries) && slices.Equal(a.Totals, b.Totals) &&
		slices.Equal(a.Ran, b.Ran) && slices.Equal(a.Skipped, b.Skipped) && slices.Equal(a.NotApplicable, b.NotApplicable) &&
		slices.Equal(a.Builds, b.Builds) && slices.Equal(a.Undecided, b.Undecided)
}

// checkVerdict checks that an accepted file is safe, that a safe file is not rejected, and
// that a file which cannot be read or breaks a requirement is rejected. Adding a build must
// never make a rejected file acceptable.
func checkVerdict(t *testing.T, s *validate.Subject, opts validate.Options, r *validate.Report) {
	t.Helper()
	f, err := channelfile.Parse(s.Data)
	verdict := r.Verdict()
	if s.Kind == validate.KindChannelFile && (err != nil || f.Conformance() != 0) && verdict != validate.Rejected {
		t.Errorf("the verdict is %v on a file that breaks a requirement", verdict)
	}
	if err != nil {
		if verdict == validate.Accepted {
			t.Errorf("an accepted file cannot be read: %v", err)
		}
		return
	}
	why := reference.WhyNot(f, opts.Definitions.ByNumber(f.Header.Type, f.Header.TypeVersion), opts.Fleet, opts.Now)
	if verdict == validate.Rejected && why == "" {
		for i := range r.Findings {
			if c := r.Findings[i].Check; c.Severity == validate.Error && !reference.Silent(c.ID) {
				t.Errorf("%v rejects a safe file: %s", c, r.Findings[i].Message)
			}
		}
	}
	if verdict != validate.Accepted {
		return
	}
	if why != "" && (f.Instances() > 0 || !opts.AllowEmpty) {
		t.Errorf("accepted, but %s", why)
	}
	for i := range opts.Fleet.Contracts {
		fewer := *opts.Fleet
		fewer.Contracts = slices.Delete(slices.Clone(fewer.Contracts), i, i+1)
		opts := opts
		opts.Fleet = &fewer
		if validate.Run(s, opts).Verdict() == validate.Rejected {
			t.Errorf("accepted for a fleet, but rejected without its build %s", opts.Fleet.Contracts[i].Build)
		}
	}
}
