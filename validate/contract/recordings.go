package contract

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/validate"
)

// usesRules are the Uses of checks that examine the conditions of rules.
const usesRules = uses | validate.UsesFile

// A recording is the result of a rule on hosts that one check reports.
type recording uint8

const (
	neverRecorded recording = iota // the filters record no event that the rule can match
	partRecorded                   // the same for some alternatives of the rule
	luckRecorded                   // filters match events of the rule only by other values
	recordingCount
)

// recordings are the answers of package coverage for the rules of a file and the hosts whose feeds
// have filters.
type recordings struct {
	judge *coverage.Judge
	kinds []recordingKind
	rules [recordingCount][]recordedRule // in the order of the instances
	spent bool                           // the budget ended too early
}

// A recordingKind is a set of hosts with the same results for the same reasons.
type recordingKind struct {
	hosts   *coverage.Hosts
	cohorts []*validate.Cohort
}

// A recordedRule is an instance with the kinds of hosts, as indices, that have a result.
type recordedRule struct {
	instance int
	kinds    []int
}

// stepsPerFilter is the charge for a comparison of a rule with a filter, in steps of the run's
// budget.
const stepsPerFilter = 4

// recordingsOf computes the recordings for a fleet.
var recordingsOf = validate.OfFleet(func(p *validate.Pass) *recordings {
	r := new(recordings)
	r.group(p)
	if len(r.kinds) == 0 {
		return r
	}
	for i := range p.File.Instances() {
		before := r.judge.Work()
		var found [recordingCount][]int
		for k := range r.kinds {
			if of, ok := recordingIn(r.judge.Result(r.kinds[k].hosts, i)); ok {
				found[of] = append(found[of], k)
			}
		}
		r.judge.Forget(i)
		for of, kinds := range found {
			if len(kinds) > 0 {
				r.rules[of] = append(r.rules[of], recordedRule{i, kinds})
			}
		}
		if !p.Spend(stepsPerFilter * (r.judge.Work() - before)) {
			r.spent = true
			break
		}
	}
	return r
})

// recordingIn returns the recording that a result is. It returns false for a result that does not
// depend on filters, which other checks report, and for one that is as it should be.
func recordingIn(r *coverage.Result) (of recording, ok bool) {
	switch {
	case r.Verdict.Blind():
		return neverRecorded, r.ByFilters > 0
	case r.ByFilters > 0:
		return partRecorded, true
	}
	return luckRecorded, r.Verdict == coverage.ByLuck
}

// group computes the kinds of hosts.
func (r *recordings) group(p *validate.Pass) {
	for i := range p.Cohorts {
		g := &p.Cohorts[i]
		filtered := false
		for _, s := range g.Supplies {
			filtered = filtered || len(s.Filters.Elements) > 0
		}
		if !g.Addressed || !filtered {
			continue
		}
		if r.judge == nil {
			r.judge = coverage.NewJudge(p.File, p.Definition)
		}
		h := r.judge.Hosts(g.Contract)
		k := slices.IndexFunc(r.kinds, func(k recordingKind) bool { return k.hosts.Same(h) && k.hosts.SameDocuments(h) })
		if k < 0 {
			k = len(r.kinds)
			r.kinds = append(r.kinds, recordingKind{hosts: h})
		}
		r.kinds[k].cohorts = append(r.kinds[k].cohorts, g)
	}
}

// recordingTexts are the texts of a check. The functions return a message without reasons: one for
// a rule, with the numbers of its dead alternatives and of all of them, and one for several rules.
type recordingTexts struct {
	one     func(rule string, dead, all int, on string) string
	several func(rules, on string) string
	fix     string // format whose argument is the change of the filters
}

// reportRecordings reports the rules with a recording, each with one finding for all kinds of
// hosts that have it.
func reportRecordings(p *validate.Pass, of recording, texts recordingTexts) {
	r := recordingsOf.Get(p)
	if r.spent {
		p.Spend(1) // fails, so the check is unfinished
		return
	}
	groups := map[string]*recordingGroup{}
	for _, rule := range r.rules[of] {
		//mutation:missed: no test has as many findings
		if p.Full() && p.Found() >= maxGrouped {
			p.ReportMore(1)
			continue
		}
		before := r.judge.Work()
		g := r.groupOf(p, groups, of, rule, texts)
		g.Report(func() validate.Finding { return r.finding(p, rule, g, texts) })
		r.judge.Forget(rule.instance)
		if !p.Spend(stepsPerFilter * (r.judge.Work() - before)) {
			return
		}
	}
}

// A recordingGroup is the findings about rules with the same reasons on the same hosts.
type recordingGroup struct {
	*validate.FindingGroup
	on      string // names the hosts
	reason  string // the only reason, with a separator; "" means several reasons, or not one
	details []string
	builds  []validate.Build
	fix     string
}

// groupOf returns the group of a rule.
//
//mutation:equivalent: only report texts depend on it
func (r *recordings) groupOf(p *validate.Pass, groups map[string]*recordingGroup, of recording, rule recordedRule, texts recordingTexts) *recordingGroup {
	var key []byte
	reasons := make([][]string, len(rule.kinds))
	for i, k := range rule.kinds {
		if of != luckRecorded {
			reasons[i] = r.reasons(k, rule.instance)
		}
		key = binary.AppendUvarint(key, uint64(k))
		for _, text := range append(reasons[i], "") {
			key = binary.AppendUvarint(key, uint64(len(text)))
			key = append(key, text...)
		}
	}
	if g := groups[string(key)]; g != nil {
		return g
	}
	var cohorts []*validate.Cohort
	same := true
	for i, k := range rule.kinds {
		cohorts = append(cohorts, r.kinds[k].cohorts...)
		same = same && slices.Equal(reasons[i], reasons[0])
	}
	g := &recordingGroup{builds: builds(cohorts)}
	g.on = "hosts of " + buildNames(g.builds...)
	switch {
	case same && len(reasons[0]) <= 1:
		g.reason = strings.Join(reasons[0], "")
		g.details = []string{hosts(p, cohorts)}
	default:
		for i, k := range rule.kinds {
			of := r.kinds[k].cohorts
			if i == maxDetails {
				g.details = append(g.details, fmt.Sprintf("and %d more kinds of hosts", len(rule.kinds)-i))
				break
			}
			text := strings.Join(reasons[i], "; ")
			if text != "" {
				text += ": "
			}
			g.details = append(g.details, fmt.Sprintf("%s: %s%s", buildNames(builds(of)...), text, hosts(p, of)))
		}
	}
	if g.reason != "" {
		g.reason = ": " + g.reason
	}
	g.fix = fmt.Sprintf(texts.fix, r.change(rule))
	g.FindingGroup = p.FindingGroup(p.Check.ID+" "+string(key), func(found int) validate.Summary {
		return validate.Summary{Builds: g.builds, Message: texts.several(rulesOf(p, found), g.on) + g.reason, Details: g.details, Fix: g.fix}
	})
	groups[string(key)] = g
	return g
}

// maxRecordingReasons is the largest number of reasons that a finding lists for one kind of hosts.
const maxRecordingReasons = 4

// reasons returns the reasons why alternatives of an instance are dead on a kind of hosts.
//
//mutation:equivalent: only report texts depend on it
func (r *recordings) reasons(kind, instance int) (list []string) {
	h := r.kinds[kind].hosts
	result := r.judge.Result(h, instance)
	more := 0
	for i := range result.Dead {
		d := &result.Dead[i]
		if !byFilters(d) && !result.Verdict.Blind() {
			continue // other checks report it
		}
		var causes []string
		for c := range d.Causes {
			causes = append(causes, r.judge.Describe(h, &d.Causes[c]))
		}
		text := strings.Join(causes, "; ")
		switch {
		case slices.Contains(list, text):
		case len(list) == maxRecordingReasons:
			more++
		default:
			list = append(list, text)
		}
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("and %d more reasons", more))
	}
	return list
}

// change returns the change of the filters with which hosts record the events of an instance.
//
//mutation:equivalent: only report texts depend on it
func (r *recordings) change(rule recordedRule) string {
	var by [coverage.ReasonsCount]bool
	for _, k := range rule.kinds {
		dead := r.judge.Result(r.kinds[k].hosts, rule.instance).Dead
		for i := range dead {
			for _, c := range dead[i].Causes {
				by[c.Reason] = true
			}
		}
	}
	var list []string
	for _, c := range []struct {
		reason coverage.Reason
		change string
	}{
		{coverage.Excluded, "narrow the exclude"}, {coverage.NotIncluded, "add an include for the values"},
		{coverage.NothingKept, "add an element that logs the event"}, {coverage.NotInBuild, "run a version of Sysmon that has the event"},
	} {
		if by[c.reason] {
			list = append(list, c.change)
		}
	}
	if len(list) == 0 {
		return "add an include for the values"
	}
	return strings.Join(list, ", and ")
}

// byFilters reports whether an alternative would not be dead without filters.
func byFilters(d *coverage.DeadAlternative) bool {
	return slices.ContainsFunc(d.Causes, func(c coverage.Cause) bool { return c.Reason.ByFilters() })
}

// finding returns the finding about a rule.
//
//mutation:equivalent: only report texts depend on it
func (r *recordings) finding(p *validate.Pass, rule recordedRule, g *recordingGroup, texts recordingTexts) validate.Finding {
	kind := &r.kinds[rule.kinds[0]]
	result := r.judge.Result(kind.hosts, rule.instance)
	f := validate.Finding{Builds: g.builds, Details: g.details, Fix: g.fix, Extent: uint64(result.ByFilters)}
	f.Where, f.Instance = p.LocateInstance(rule.instance)
	located := false
	var values []string
	more := 0
	for i := range result.Dead {
		d := &result.Dead[i]
		c := slices.IndexFunc(d.Causes, func(c coverage.Cause) bool { return c.Reason.ByFilters() })
		if c < 0 || len(d.Alternative) == 0 {
			continue
		}
		part := r.judge.Decides(kind.hosts, d, c)
		if input := int(p.File.Criterion(part.Criterion).Input); !located {
			located = true
			f.Where, f.Instance = p.LocateWord(rule.instance, part.Word, input)
			f.Input = p.InputAt(input)
		}
		switch text := comparison(p, part); {
		case slices.Contains(values, text):
		case len(values) == maxRecordingReasons:
			more++
		default:
			values = append(values, text)
		}
	}
	all := 0
	for _, n := range result.States {
		all += n
	}
	f.Message = texts.one(f.Instance.String(), result.ByFilters, all, g.on) + g.reason
	if len(values) > 0 {
		text := "the rule compares: " + strings.Join(values, ", ")
		if more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		f.Details = append([]string{text}, g.details...)
	}
	if f.Instance.ID != (channelfile.ID{}) {
		f.Identity.Rule, f.Identity.Path = f.Instance.ID.String(), "filters"
	}
	return f
}

// comparison describes a part of an alternative: the input, the operator and a value.
//
//mutation:equivalent: only report texts depend on it
func comparison(p *validate.Pass, part coverage.Part) string {
	c := p.File.Criterion(part.Criterion)
	text := fmt.Sprintf("%s %v", p.Definition.Inputs[c.Input].Name, c.Operator)
	if c.Flags&channelfile.FlagInputs != 0 || c.Operator == channelfile.OpRegexp || c.Count == 0 {
		return text
	}
	k, n := max(part.Operand, 0), 0
	for v := range p.File.OperandValues(c) {
		if n++; n <= k {
			continue
		}
		switch c.Operator {
		case channelfile.OpIntegerEquals:
			text += fmt.Sprintf(" %d", v.Integer())
		case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains, channelfile.OpPattern:
			text += fmt.Sprintf(" \"%s\"", cutValue(v))
		}
		break
	}
	if part.Operand < 0 && c.Count > 1 {
		text += fmt.Sprintf(" or another of %d values", c.Count)
	}
	return text
}

// cutValue returns the first characters of a value. Values are not escaped, because most are paths.
//
//mutation:equivalent: only report texts depend on it
func cutValue(v channelfile.Value) string {
	const most = 100
	n := 0
	for i := range string(v) {
		if n++; n > most {
			return string(v[:i]) + "..."
		}
	}
	return string(v)
}
