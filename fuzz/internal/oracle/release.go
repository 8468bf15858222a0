package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/validate"
)

// A Question is a question about a release that the gate and the reference both answer.
type Question uint8

// The questions.
const (
	Never     Question = iota // does a rule match no event?
	Always                    // does it match every event?
	AnyValue                  // does it match every event that has its inputs?
	Dead                      // which of its alternatives can never make it match?
	Covered                   // is it covered by another rule, or the same?
	Implied                   // does a condition imply another?
	Direction                 // does a changed rule match more events, or fewer?
	Changes                   // which limits of a change does a release exceed?
	FirstUses                 // which cells does a build read for the first time?
	Waived                    // does a waiver accept a finding, and is it in force and needed?
	NumQuestions
)

func (q Question) String() string {
	return [...]string{"never", "always", "any value", "dead alternative", "covered", "implied", "direction", "change", "first use", "waiver"}[q]
}

// A Releases judges releases, and compares the findings of the families CF4, CF6 and CF7 with
// the reference. Only one goroutine may use it.
type Releases struct {
	// Asked counts the compared answers by question. Open counts those for which the gate claims
	// nothing, the scope has no event, and the solver does not know one either.
	Asked, Open [NumQuestions]uint64
	Hits        map[*validate.Check]uint64 // releases in which a check found something

	checks []*validate.Check
	scopes map[*generate.Scope]*reference.Scope
}

// NewReleases returns a judge of releases for a gate that has the given checks.
func NewReleases(checks []*validate.Check) *Releases {
	return &Releases{checks: checks, Hits: map[*validate.Check]uint64{}, scopes: map[*generate.Scope]*reference.Scope{}}
}

// A release is a release that is being compared.
type release struct {
	*Releases
	*generate.Release
	file, previous *channelfile.File
	now, before    *reference.Meaning // nil means that there are too many events
	solver         *meaning.Solver
	formulas       []meaning.Formula
	report         *validate.Report
	findings       map[string][]*validate.Finding // by the ID of the check
}

// Compare lets the gate judge a release. It returns a disagreement with the reference, or nil.
func (rs *Releases) Compare(g *generate.Release) *Problem {
	r := &release{Releases: rs, Release: g}
	var err error
	if r.file, err = channelfile.Parse(g.Data); err == nil {
		r.previous, err = channelfile.Parse(g.Previous)
	}
	if err != nil {
		return disagree("a generated file cannot be read: %v", err)
	}
	records := r.records()
	ledger, err := cells.ReadLedger("ledger", reference.LedgerOf(records))
	if err != nil {
		return disagree("the ledger of the reference is refused: %v", err)
	}
	options := r.options(ledger)
	r.report = validate.Run(r.subject(), options)
	if why := r.report.Undecided; len(why) > 0 && !r.unread(r.Now.Version) {
		return disagree("a release was not judged: %s", why[0])
	}
	r.findings = map[string][]*validate.Finding{}
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		if f.Fault {
			return disagree("a finding is a fault of the gate: %v: %s", f.Check, f.Message)
		}
		r.findings[f.Check.ID] = append(r.findings[f.Check.ID], f)
	}
	for _, t := range r.report.Totals {
		r.Hits[t.Check]++
		if n := len(r.findings[t.Check.ID]); t.Found != n {
			return disagree("%v has %d findings, and %d of them are kept", t.Check, t.Found, n)
		}
	}
	r.meanings()
	for _, compare := range []func() *Problem{
		r.compareRules, r.comparePairs, r.compareDirections, r.compareChange,
		func() *Problem { return r.compareFirstUses(records) },
		r.compareVerdict,
		func() *Problem { return r.compareWaivers(options) },
	} {
		if p := compare(); p != nil {
			for i := range r.file.Instances() {
				p.Did = append(p.Did, fmt.Sprintf("instance %d: %s", i, reference.Condition(r.file, r.Now, i)))
			}
			for i := range r.previous.Instances() {
				p.Did = append(p.Did, fmt.Sprintf("instance %d of the previous content: %s", i, reference.Condition(r.previous, r.Before, i)))
			}
			return p
		}
	}
	return nil
}

func disagree(format string, args ...any) *Problem {
	return &Problem{Kind: Disagreement, What: fmt.Sprintf(format, args...)}
}

// subject returns the content as a subject.
func (r *release) subject() *validate.Subject {
	s := validate.ChannelFile("", r.Data)
	s.Neighbours = &validate.Neighbours{Found: r.Turn % 2}
	return s
}

// day is the time at which releases are judged.
var day = time.Date(generate.ReleaseDay.Year, generate.ReleaseDay.Month, generate.ReleaseDay.Day, 12, 0, 0, 0, time.UTC)

// allFindings is a limit of findings that no generated release reaches.
const allFindings = 1 << 16

func (r *release) options(ledger *cells.Ledger) validate.Options {
	previous := validate.ChannelFile("", r.Previous)
	return validate.Options{
		Checks: r.checks, Definitions: r.Definitions, Fleet: r.Fleet, Now: day, MaxFindings: allFindings, MaxOfGroup: allFindings, AllowEmpty: true,
		Previous:     &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) { return previous, nil }},
		ChangeLimits: validate.ChangeLimits{Removed: r.Removed, Growth: r.Growth},
		Protected:    r.Protected, Ledger: ledger,
	}
}

// records returns the ledger of all shipments, by the reference. Some cells are missing.
func (r *release) records() (list []reference.Record) {
	for i, s := range r.Shipments {
		f, err := channelfile.Parse(s.Data)
		if err != nil {
			continue
		}
		cells := slices.SortedFunc(maps.Keys(reference.Cells(f, s.Definition)), func(a, b reference.Cell) int {
			return strings.Compare(a.String(), b.String())
		})
		for k, cell := range cells {
			if missing := (r.Turn+i+k)%8 == 0; !missing {
				list = append(list, reference.Record{Build: s.Build, Cell: cell, By: s.By})
			}
		}
	}
	return list
}

// meanings fills in the meanings of both files, and the formulas of the content.
func (r *release) meanings() {
	s := r.scopes[r.Scope]
	if s == nil {
		s = reference.NewScope(r.Scope.Values)
		r.scopes[r.Scope] = s
	}
	values := slices.Clone(r.Scope.Values)
	types := r.Now.Types()
	if types[0] != r.Scope.Types[0] || r.Now.Inputs[0].Name != r.Before.Inputs[0].Name {
		slices.Reverse(values)
		s = reference.NewScope(values)
	}
	if len(types) > len(values) {
		s = reference.NewScope(append(values, values[0][:1])) // nothing reads the third input
	}
	files := []*channelfile.File{r.file}
	if r.sameInputs() {
		files = append(files, r.previous)
	}
	if list := s.Of(files...); list != nil {
		if r.now = list[0]; len(list) > 1 {
			r.before = list[1]
		}
	}
	r.solver = meaning.NewSolver(types)
	instances := meaning.NewInstances(r.file)
	for i := range r.file.Instances() {
		f, _ := instances.Formula(i) // generated conditions are short
		r.formulas = append(r.formulas, f)
	}
}

// sameInputs reports whether each index of an input means the same in both files.
func (r *release) sameInputs() bool {
	for i, in := range r.Before.Inputs {
		if i >= len(r.Now.Inputs) || r.Now.Inputs[i].Name != in.Name || r.Now.Inputs[i].Type != in.Type {
			return false
		}
	}
	return true
}

// matches reports whether an instance matches an event, by the reference.
func matches(f *channelfile.File, inputs, instance int, e interp.Event) bool {
	return reference.Matches(f, instance, append(slices.Clone(e), make(interp.Event, inputs)...))
}

// Describe returns the values of an event as text.
func Describe(e interp.Event) string {
	var list []string
	for _, v := range e {
		switch v.Type {
		case 0:
			list = append(list, "absent")
		default:
			list = append(list, fmt.Sprintf("%v %q %d %x", v.Type, v.Text, v.Integer, v.Address))
		}
	}
	return strings.Join(list, ", ")
}

// An asked is a question about the content, with the answer of the gate and that of the
// reference.
type asked struct {
	question Question
	about    string
	claimed  bool                                  // the gate claims that no event fits
	event    interp.Event                          // of the scope, that fits; nil if no event does
	rules    []int                                 // instances that the question is about
	ask      func() (meaning.Answer, interp.Event) // asks the solver for an event that fits
	fits     func(e interp.Event) bool             // by the reference
}

// compare compares the answers. If the gate claims nothing and the scope has no event, the
// solver must know an event outside of the scope, or must not know the answer.
func (r *release) compare(q asked) *Problem {
	r.Asked[q.question]++
	fail := func(format string, args ...any) *Problem {
		p := disagree("%s: %s", q.about, fmt.Sprintf(format, args...))
		p.Event = q.event
		return p
	}
	switch {
	case q.claimed && q.event != nil:
		return fail("the gate claims that there is no such event, but here is one")
	case q.claimed || q.event != nil:
		return nil
	case r.Scope.Letters > 0 && r.now.Decisive(r.Scope.Letters, q.rules...):
		return fail("there is no such event, and the gate does not say so")
	case q.ask == nil:
		r.Open[q.question]++
		return nil
	}
	switch answer, e := q.ask(); answer {
	case meaning.No:
		return fail("the solver has a proof that there is no such event, and the gate does not say so")
	case meaning.Yes:
		if q.event = e; !q.fits(e) {
			return fail("the solver names an event that does not fit")
		}
	case meaning.Unknown:
		if r.Open[q.question]++; r.Scope.Fragment && !r.long(q.rules) {
			return fail("there is no answer, although the question is in the fragment")
		}
	}
	return nil
}

// long reports whether one of some instances has an operand that is too long for a proof.
func (r *release) long(rules []int) bool {
	for _, i := range rules {
		in := r.file.Instance(i)
		for w := in.First; w < in.First+in.Count; w++ {
			if word := r.file.Word(w); word.IsReference() {
				for v := range r.file.OperandValues(r.file.Criterion(word.Criterion())) {
					if len(v) > 64 {
						return true
					}
				}
			}
		}
	}
	return false
}

// of returns the findings of a check by the index of their instance. It leaves out those that
// belong to no instance.
func (r *release) of(id string) map[int][]*validate.Finding {
	by := map[int][]*validate.Finding{}
	for _, f := range r.findings[id] {
		if f.Instance != nil {
			by[f.Instance.Index] = append(by[f.Instance.Index], f)
		}
	}
	return by
}

// compareRules compares the findings about single rules.
func (r *release) compareRules() *Problem {
	if r.now == nil {
		return nil
	}
	never, always, any, dead := r.of("CF4001"), r.of("CF4002"), r.of("CF4004"), r.of("CF4003")
	inputs := len(r.Now.Inputs)
	for i, formula := range r.formulas {
		holds := func(e interp.Event) bool { return matches(r.file, inputs, i, e) }
		fails := func(e interp.Event) bool { return !holds(e) }
		name := fmt.Sprintf("instance %d", i)
		if p := r.compare(asked{
			Never, name + " matches an event", never[i] != nil, r.now.Matches(i), []int{i},
			func() (meaning.Answer, interp.Event) { return r.solver.Possible(formula) }, holds,
		}); p != nil {
			return p
		}
		if p := r.compare(asked{
			Always, name + " does not match an event", always[i] != nil, r.now.Fails(i), []int{i},
			func() (meaning.Answer, interp.Event) { return r.solver.Possible(meaning.Not(formula)) }, fails,
		}); p != nil {
			return p
		}
		if never[i] != nil || always[i] != nil {
			if any[i] != nil || dead[i] != nil {
				return disagree("%s never matches, or always, and has another finding too", name)
			}
			continue
		}
		nearly := len(any[i]) > 0 && strings.Contains(any[i][0].Message, "single character")
		event := r.now.Selects(i, nearly)
		if any[i] == nil && event != nil {
			event = r.now.Selects(i, true)
		}
		if p := r.compare(asked{
			question: AnyValue, about: name + " does not match an event that has its inputs", claimed: any[i] != nil, event: event, rules: []int{i},
		}); p != nil {
			return p
		}
		if p := r.compareDead(i, dead[i]); p != nil {
			return p
		}
	}
	return nil
}

// compareDead compares the alternatives of an instance that can never make it match.
func (r *release) compareDead(i int, findings []*validate.Finding) *Problem {
	said, possible, want := map[int]int{}, map[int]int{}, map[int]int{} // by word
	for _, f := range findings {
		var instance, word int
		if _, err := fmt.Sscanf(f.Where.Path, "instance[%d].word[%d]", &instance, &word); err != nil || instance != i {
			return disagree("a dead alternative of instance %d is at %q", i, f.Where.Path)
		}
		said[word]++
	}
	for _, d := range r.now.Dead(i) {
		possible[d.Word]++
		if !d.Inside {
			want[d.Word]++
		}
	}
	decisive := r.Scope.Letters > 0 && r.now.Decisive(r.Scope.Letters, i)
	r.Asked[Dead]++
	open := false
	for word, n := range said {
		if n > possible[word] {
			return disagree("the gate says that %d alternatives that begin at word %d of instance %d are dead; by its events %d are", n, word, i, possible[word])
		}
	}
	for word, n := range want {
		if n > said[word] && decisive {
			return disagree("%d alternatives that begin at word %d of instance %d are dead; the gate says so of %d", n, word, i, said[word])
		}
		open = open || n > said[word]
	}
	if open {
		r.Open[Dead]++
	}
	return nil
}

// pairsAsked is the number of instances of which the solver compares each with each.
const pairsAsked = 6

// comparePairs compares the findings about two rules. Each rule has at most one.
func (r *release) comparePairs() *Problem {
	if r.now == nil {
		return nil
	}
	n, inputs := r.file.Instances(), len(r.Now.Inputs)
	never, same, covered := r.of("CF4001"), r.of("CF4006"), r.of("CF4007")
	for i := range n {
		r.Asked[Covered]++
		said := append(slices.Clone(same[i]), covered[i]...)
		if len(said) > 1 || len(said) > 0 && never[i] != nil {
			return disagree("instance %d has %d findings about another rule", i, len(said))
		}
		if never[i] != nil {
			continue
		}
		by, equal := false, false // as the events show it
		for k := range n {
			if i == k || never[k] != nil || r.now.Beyond(i, r.now, k) != nil {
				continue
			}
			by = true
			equal = equal || r.now.Beyond(k, r.now, i) == nil
			if k < i && same[i] == nil && r.sameWords(i, k) {
				return disagree("instances %d and %d have the same words, and the gate does not say so", k, i)
			}
		}
		switch {
		case len(same[i]) > 0 && !equal:
			return disagree("the gate says that instance %d matches the same events as another one; no other does", i)
		case len(said) > 0 && !by:
			return disagree("the gate says that instance %d is covered; each other instance fails for an event of it", i)
		}
	}
	for i := range min(n, pairsAsked) {
		for k := range min(n, pairsAsked) {
			if i == k {
				continue
			}
			answer, e := r.solver.Implies(r.formulas[i], r.formulas[k])
			if p := r.compare(asked{
				Implied, fmt.Sprintf("instance %d matches an event and instance %d does not", i, k), answer == meaning.Yes, r.now.Beyond(i, r.now, k), []int{i, k},
				func() (meaning.Answer, interp.Event) { return not(answer), e },
				func(e interp.Event) bool { return matches(r.file, inputs, i, e) && !matches(r.file, inputs, k, e) },
			}); p != nil {
				return p
			}
			if answer == meaning.No && !(matches(r.file, inputs, i, e) && !matches(r.file, inputs, k, e)) {
				return disagree("instance %d does not imply %d by an event that does not show it: %s", i, k, Describe(e))
			}
		}
	}
	return nil
}

// not turns the answer to the question whether a condition implies another around. The result
// says whether an event shows that it does not.
func not(a meaning.Answer) meaning.Answer {
	switch a {
	case meaning.Yes:
		return meaning.No
	case meaning.No:
		return meaning.Yes
	}
	return a
}

// sameWords reports whether two instances have the same words.
func (r *release) sameWords(i, k int) bool {
	a, b := r.file.Instance(i), r.file.Instance(k)
	same := a.Count == b.Count
	for w := 0; same && w < a.Count; w++ {
		same = r.file.Word(a.First+w) == r.file.Word(b.First+w)
	}
	return same
}

// compareDirections compares the directions of changed rules with the events that both
// revisions match.
func (r *release) compareDirections() *Problem {
	at := map[string]int{} // instances of the previous content by ID
	for i := range r.previous.Instances() {
		at[r.previous.Instance(i).ID.String()] = i
	}
	for _, f := range r.findings["CF6008"] {
		r.Asked[Direction]++
		says := f.Identity.Path
		if r.before == nil {
			if says != delta.Unclear.String() && !r.sameInputs() {
				return disagree("the direction of a change is %s, although the inputs moved", says)
			}
			continue
		}
		i, k := f.Instance.Index, at[f.Instance.ID.String()]
		more, fewer := r.now.Beyond(i, r.before, k), r.before.Beyond(k, r.now, i)
		wrong := func(e interp.Event) *Problem {
			p := disagree("instance %d is %s, and an event shows that it is not", i, says)
			p.Event = e
			return p
		}
		keeps := says == delta.Reworded.String() || says == delta.Widened.String()
		if keeps && fewer != nil {
			return wrong(fewer)
		}
		if noMore := says == delta.Reworded.String() || says == delta.Narrowed.String(); noMore && more != nil {
			return wrong(more)
		}
		decisive := r.Scope.Letters > 0 && r.now.Decisive(r.Scope.Letters, i) && r.decisiveBefore(i, k)
		want := [2][2]string{{"reworded", "narrowed"}, {"widened", "shifted"}}[index(more)][index(fewer)]
		switch {
		case decisive && says != want:
			return disagree("instance %d is %s (want %s by all events)", i, says, want)
		case !decisive && says != want:
			r.Open[Direction]++
		}
	}
	return nil
}

func index(e interp.Event) int {
	if e != nil {
		return 1
	}
	return 0
}

// decisiveBefore reports whether the scope decides questions about instance i of the content
// and instance k of the previous content. The two together may have twice the operands of the
// longer.
func (r *release) decisiveBefore(i, k int) bool {
	return r.now.Decisive(r.Scope.Letters/2, i) && r.before.Decisive(r.Scope.Letters/2, k)
}

// compareChange compares the findings about the difference to the previous content.
func (r *release) compareChange() *Problem {
	change := reference.Change{Old: r.previous, New: r.file, OldDef: r.Before, NewDef: r.Now, Removed: r.Removed, Growth: r.Growth, Protected: r.Protected}
	want := change.Findings()
	want["CF6009"] = r.report.Subject.Neighbours.Found
	for _, id := range []string{"CF6001", "CF6002", "CF6003", "CF6004", "CF6005", "CF6006", "CF6007", "CF6008", "CF6009", "CF6010"} {
		r.Asked[Changes]++
		if n := len(r.findings[id]); n != want[id] {
			return disagree("%s has %d findings (want %d)", id, n, want[id])
		}
	}
	removed, added, changed := change.Rules()
	for id, list := range map[string][]channelfile.ID{"CF6006": removed, "CF6007": added, "CF6008": changed} {
		for _, f := range r.findings[id] {
			if !slices.Contains(list, f.Instance.ID) {
				return disagree("%s is about instance %v, which is not among %v", id, f.Instance.ID, list)
			}
		}
	}
	r.Asked[Changes] += 2
	var ends []string
	format := false
	for _, f := range r.findings["CF6011"] {
		format = format || f.Builds == nil
		ends = append(ends, names(f)...)
	}
	slices.Sort(ends)
	if builds, beyond := reference.RevisionsEnd(r.file, r.Now, r.previous.Header.Revision, r.Fleet); !slices.Equal(ends, builds) || format != beyond {
		return disagree("the next revision does not fit the builds %v, the format: %v (want %v, %v)", ends, format, builds, beyond)
	}
	if r.previous.Instances() == 0 {
		return nil
	}
	why := reference.WhyNot(r.previous, r.Before, r.Fleet, day)
	if closed := len(r.findings["CF6012"]) > 0; closed != (why != "") && !r.unread(r.Before.Version) {
		return disagree("the previous content is no way back: %v; the reference judge says %q", closed, why)
	}
	return nil
}

// unread reports whether no build reads content of a type version, which is no error.
func (r *release) unread(version uint32) bool {
	for _, c := range r.Fleet.Contracts {
		if !c.Reader.RefusesUnknownVersions {
			return false
		}
		for _, s := range c.Supplies {
			if s.Version == version {
				return false
			}
		}
	}
	return true
}

func names(f *validate.Finding) (list []string) {
	for _, b := range f.Builds {
		list = append(list, b.Name)
	}
	slices.Sort(list)
	return list
}

// compareFirstUses compares the first uses of the content.
func (r *release) compareFirstUses(records []reference.Record) *Problem {
	want := reference.FirstUses(r.file, r.Now, r.Fleet, records, day)
	r.Asked[FirstUses] += uint64(len(reference.Cells(r.file, r.Now)) * len(r.Fleet.Contracts))
	said := map[reference.FirstUse][]string{}
	for _, id := range []string{"CF6013", "CF6014"} {
		for _, f := range r.findings[id] {
			use := reference.FirstUse{Check: id, Path: f.Identity.Path}
			if said[use] != nil {
				return disagree("%v is reported twice", use)
			}
			said[use] = names(f)
		}
	}
	if !maps.EqualFunc(said, want, slices.Equal) {
		return disagree("the first uses are %v (want %v)", said, want)
	}
	return nil
}

// compareVerdict compares the verdict on the release.
func (r *release) compareVerdict() *Problem {
	if r.file.Instances() == 0 || r.unread(r.Now.Version) {
		return nil // the reference judge accepts no such content
	}
	why := reference.WhyNot(r.file, r.Now, r.Fleet, day)
	for _, id := range []string{"CF4002", "CF6001", "CF6002", "CF6003", "CF6004", "CF6010", "CF6013", "CF6014"} {
		if len(r.findings[id]) > 0 {
			why = id
		}
	}
	if accepted := r.report.Verdict() == validate.Accepted; accepted != (why == "") {
		return disagree("the verdict is %v; the reference judge says %q: %s", r.report.Verdict(), why, whyNot(r.report))
	}
	return nil
}

// compareWaivers waives some findings, and compares the new report with the first one.
func (r *release) compareWaivers(options validate.Options) *Problem {
	var waivers []validate.Waiver
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		if (i+r.Turn)%3 > 0 || f.Check.NotWaivable() != "" {
			continue
		}
		w := validate.Waiver{Check: f.Check.ID, Rule: f.Identity.Rule, Subject: f.Identity.Subject, Path: f.Identity.Path, Reason: "drawn", By: "ann", Until: generate.ReleaseDay}
		switch (i/3 + r.Turn) % 6 {
		case 0:
			w.Path = ""
		case 1:
			w.Path += " "
		case 2:
			w.Until.Day-- // expired
		case 3:
			w.Rule = strings.ToUpper(w.Rule)
		case 4:
			w.Subject += "0"
		}
		waivers = append(waivers, w)
	}
	if len(waivers) == 0 {
		return nil
	}
	options.Waivers = waivers
	again := validate.Run(r.subject2(), options)
	used := make([]int, len(waivers))
	var kept, waived []string
	for i := range r.report.Findings {
		f := &r.report.Findings[i]
		by := slices.IndexFunc(waivers, func(w validate.Waiver) bool {
			return w.Until == generate.ReleaseDay && w.Check == f.Check.ID && strings.EqualFold(w.Rule, f.Identity.Rule) &&
				(w.Subject == "" || w.Subject == f.Identity.Subject) && (w.Path == "" || w.Path == f.Identity.Path)
		})
		if by < 0 {
			kept = append(kept, f.Identity.Fingerprint())
			continue
		}
		used[by]++
		waived = append(waived, f.Identity.Fingerprint())
	}
	r.Asked[Waived] += uint64(len(waivers))
	if again.WaivedFound != len(waived) || !slices.Equal(prints(again.Waived), sorted(waived)) {
		return disagree("%d waivers accept %d findings (want %d)", len(waivers), again.WaivedFound, len(waived))
	}
	// A finding that is waived no longer prevents other checks, so more may be found.
	left := prints(again.Findings)
	for _, print := range kept {
		at, ok := slices.BinarySearch(left, print)
		if !ok {
			return disagree("a finding is gone that no waiver accepts")
		}
		left = slices.Delete(left, at, at+1)
	}
	return r.compareUses(again, used)
}

// subject2 returns the content once more, with the same neighbours as in the first report.
func (r *release) subject2() *validate.Subject {
	s := validate.ChannelFile("", r.Data)
	s.Neighbours = r.report.Subject.Neighbours
	return s
}

func prints(list []validate.Finding) (prints []string) {
	for i := range list {
		prints = append(prints, list[i].Identity.Fingerprint())
	}
	return sorted(prints)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// compareUses compares the findings about the waivers of a run.
func (r *release) compareUses(again *validate.Report, used []int) *Problem {
	subject := fmt.Sprintf("channel %d, type %d", r.Now.Channel, r.Now.Number)
	want := map[string]int{}
	for i, u := range again.WaiverUses {
		if u.Found != used[i] {
			return disagree("the waiver of %v accepts %d findings (want %d)", u.Waiver, u.Found, used[i])
		}
		judged := u.Rule == ""
		for k := range r.file.Instances() {
			judged = judged || strings.EqualFold(u.Rule, r.file.Instance(k).ID.String())
		}
		judged = judged && (u.Subject == "" || u.Subject == subject)
		switch {
		case u.Until != generate.ReleaseDay:
			want["CF7002"]++
		case used[i] > 0:
		case judged:
			want["CF7003"]++
		default:
			want["CF7004"]++
		}
	}
	report := validate.Run(validate.Waivers("waivers", again.WaiverUses), validate.Options{Checks: r.checks, Now: day, MaxFindings: allFindings})
	for _, t := range report.Totals {
		want[t.Check.ID] -= t.Found
	}
	for id, n := range want {
		if n != 0 {
			return disagree("%s has %d findings about waivers too few", id, n)
		}
	}
	return nil
}
