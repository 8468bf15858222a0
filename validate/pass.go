package validate

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/rollout"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
)

// A Pass gives a check the subject to judge, and takes its findings. Parts that the Uses
// of the check do not name can be nil. Fleet and Cohorts are nil in that case, because
// the check runs once for all fleets.
type Pass struct {
	Check   *Check
	Subject *Subject

	ParseError *channelfile.ParseError // why the file cannot be read; nil if it can
	File       *channelfile.File
	Broken     channelfile.Requirements // requirements of FORMAT.md that File breaks
	Needs      *sensor.Needs
	Definition *sensor.Definition // nil means that the type or its version is unknown
	Known      *sensor.Definitions

	SysmonSource *config.Config // nil means that the subject is no configuration, or cannot be read
	SysmonBlob   *blob.Blob     // nil means that the subject is no blob, or is too large for one
	SysmonError  error          // why the configuration or the blob cannot be read; nil if it can

	Fleet   *sensor.Fleet
	Cohorts []Cohort // builds of the fleet by equal contracts
	Now     time.Time
	// needs of earlier revisions; nil means that there is no history
	History func(*sensor.Needs) []*sensor.Needs

	NeverMatch       *Recorded
	KnownGood        *Recorded
	KnownBad         *Recorded
	KnownGoodMatches uint64 // number of KnownGood events that one rule may match
	KnownGoodNew     uint64 // number of them that one rule may match, and did not before
	Ceilings         Ceilings
	Protected        []channelfile.ID

	Ledger        *cells.Ledger       // nil means that there is no ledger
	ExercisePlans []*rollout.Document // without nil
	ExerciseRings rollout.Options     // demands on these plans

	Previous     *Previous    // nil means that there is no previous content
	ChangeLimits ChangeLimits // no limit is 0

	max      int
	perGroup int
	total    int
	findings []Finding // kept so far; this check reported findings[first:]
	first    int
	grouped  []*FindingGroup          // in the order of creation
	groupOf  map[string]*FindingGroup // by key
	uses     []int32                  // by criterion: 1 + first word that uses it; 0 means no word

	ofSubject, ofFleet []shared // results that checks share

	waivers   waivers
	isWaiving bool // whether a waiver concerns the check
	waived    int  // findings of the check that a waiver accepted

	budget     *Budget
	dearest    dearest
	over       bool   // whether the check asked for more steps than were left
	unfinished string // why the check did not finish; "" if it did
}

// Recorded is a set of recorded events on which content runs.
type Recorded struct {
	Name string // name of the recording, for messages

	// Events passes the events of a template type to yield until yield returns false.
	// Where returns the place of the recorded event. An event can be overwritten by the
	// next one. An error means that some events are missing, and makes the verdict
	// undecided. Events must pass the same events in each call, and several goroutines
	// may call it.
	Events func(d *sensor.Definition, yield func(where func() string, e interp.Event) bool) error
}

// A Cohort is the set of builds of a fleet with equal contracts. Contract is the contract
// of the first build, and is valid for all of them.
type Cohort struct {
	Contract *sensor.Contract
	Builds   []Build
	Hosts    uint64

	// Supplies are the supplies of the subject's type version, one for each feed. If
	// there are no supplies, the builds do not have that version.
	Supplies []*sensor.Supply
	// Addressed is false if the builds do not have the type version and refuse it safely.
	// The content then never reaches their interpreter.
	Addressed bool
	// Lacks is true if the contract states that the builds lack the type version.
	Lacks bool
	// Sysmon is the version of Sysmon that runs on the hosts of the builds. Nil means that the
	// contract states no version. It is nil unless the subject is content of Sysmon.
	Sysmon *sysmon.Build

	atFault bool
	blamed  map[string]bool // names of builds that an error affects
}

// Blame marks the builds of the cohort as affected by an error, whether or not the report
// keeps the finding.
func (g *Cohort) Blame() { g.atFault = true }

// BlameBuild marks one build of the cohort as affected by an error. Builds with equal contracts can
// differ in their records.
func (g *Cohort) BlameBuild(name string) {
	if g.blamed == nil {
		g.blamed = map[string]bool{}
	}
	g.blamed[name] = true
}

// Report counts a finding. It calls make and keeps the result unless the limit of
// findings for this check is reached. Make need not set Check.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (p *Pass) Report(make func() Finding) {
	//mutation:missed: TestWaivers detects it
	if p.waiving() {
		f := p.complete(make())
		//mutation:missed: TestWaivers detects it
		if p.waive(f) {
			return
		}
		make = func() Finding { return f }
	}
	p.total++
	if !p.full() {
		p.keep(make())
	}
}

func (p *Pass) keep(f Finding) { p.findings = append(p.findings, p.complete(f)) }

// complete returns a finding with its check and its identity. A check that finds a fault of the
// gate has not finished, so that the content is not accepted whatever the severity.
func (p *Pass) complete(f Finding) Finding {
	f.Check = p.Check
	p.identify(&f)
	if f.Fault {
		p.Unfinished(errGateAtFault)
	}
	return f
}

var errGateAtFault = errors.New("the gate is at fault; a finding asks you to report the file")

// ReportMore counts n more findings that the report does not keep. It does nothing before
// [Pass.Full] is true.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (p *Pass) ReportMore(n int) {
	if p.Full() {
		p.total += max(n, 0)
	}
}

// Full reports whether the limit of findings for this check is reached, so that a check need
// not make further ones. Groups with few findings can still grow. Full is false if a waiver
// concerns the check, because each finding must then be compared with it.
func (p *Pass) Full() bool { return p.full() && !p.waiving() }

// full reports whether the limit of findings for this check is reached.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (p *Pass) full() bool { return p.kept() >= p.max }

// kept returns the number of findings of the check that are kept.
func (p *Pass) kept() int { return len(p.findings) - p.first }

// A FindingGroup is a group of findings of one check that say the same about several
// instances, such as all instances that read one missing input. [Pass.FindingGroup]
// returns it. A check must not keep it.
type FindingGroup struct {
	pass      *Pass
	key       string
	summarize func(found int) Summary // nil means that there are too many groups
	found     int
	kept      int
}

// GroupFindings is the default number of findings of a group that a Report keeps once the
// limit for the check is reached. A fault of a thousand instances then does not hide the
// fault of one instance.
const GroupFindings = 10

// maxGroups is the largest number of groups of a check that have a summary, and a limit
// of findings of their own.
const maxGroups = 100

// FindingGroup returns the group of findings with a key, which becomes their Group. If
// the group has at least two findings, summarize is called once with their number, after
// the check has run. Its result need not set Check, Group and Found.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (p *Pass) FindingGroup(key string, summarize func(found int) Summary) *FindingGroup {
	g := p.groupOf[key]
	if g != nil {
		return g
	}
	g = &FindingGroup{pass: p, key: key}
	if len(p.grouped) < maxGroups {
		g.summarize = summarize
		if p.groupOf == nil {
			p.groupOf = map[string]*FindingGroup{}
		}
		p.groupOf[key] = g
		p.grouped = append(p.grouped, g)
	}
	return g
}

// Report is [Pass.Report] for a finding of the group.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (g *FindingGroup) Report(make func() Finding) {
	p := g.pass
	//mutation:missed: TestWaivers detects it
	if p.waiving() {
		f := p.complete(make())
		//mutation:missed: TestWaivers detects it
		if p.waive(f) {
			return
		}
		make = func() Finding { return f }
	}
	p.total++
	g.found++
	if g.full() {
		return
	}
	g.kept++
	f := make()
	f.Group = g.key
	p.keep(f)
}

// ReportMore is [Pass.ReportMore] for findings of the group. It does nothing before
// [FindingGroup.Full] is true.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (g *FindingGroup) ReportMore(n int) {
	if g.Full() {
		g.pass.total += max(n, 0)
		g.found += max(n, 0)
	}
}

// Full reports whether the report keeps no further finding of the group, so that a check need not
// make one. It is false if a waiver concerns the check.
func (g *FindingGroup) Full() bool { return g.full() && !g.pass.waiving() }

// full reports whether the report keeps no further finding of the group.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (g *FindingGroup) full() bool {
	p := g.pass
	switch {
	case !p.full():
		return false
	case g.summarize == nil || g.kept >= p.perGroup:
		return true
	case g.kept < GroupFindings:
		return false
	}
	// The first few findings of each group are always kept. Further findings of all
	// groups share one limit for the check.
	return p.kept() >= p.max+p.perGroup
}

// summaries appends the summaries of the groups with at least two findings to list.
//
//mutation:equivalent: the verdict uses the count, not the kept findings
func (p *Pass) summaries(list []Summary) []Summary {
	for _, g := range p.grouped {
		if g.found > 1 {
			s := g.summarize(g.found)
			s.Check, s.Group, s.Found = p.Check, g.key, g.found
			list = append(list, s)
		}
	}
	return list
}

// ReportAt reports a finding about a part of the channel file. If a check can have very
// many findings, call Report with a function that calls At instead, which makes only the
// findings that are kept.
func (p *Pass) ReportAt(r channelfile.Range, path, fix, format string, args ...any) {
	p.Report(func() Finding { return p.At(r, path, fix, format, args...) })
}

// At returns a finding about a part of the channel file.
func (p *Pass) At(r channelfile.Range, path, fix, format string, args ...any) Finding {
	return Finding{Where: p.Locate(r, path), Message: fmt.Sprintf(format, args...), Fix: fix}
}

// Found returns the number of findings that the check has reported.
func (p *Pass) Found() int { return p.total }

// Locate returns the location of a part of the content that belongs to no instance. If
// the subject is not a channel file, the location has no bytes, and its path is a path of
// the document.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) Locate(r channelfile.Range, path string) Location {
	switch p.Subject.Kind {
	case KindNeeds:
		r = channelfile.Range{}
		if in, ok := needsPaths[path]; ok {
			path = in
		}
	case KindDefinition:
		r = channelfile.Range{}
		path = strings.TrimPrefix(path, "header.")
	}
	return p.place(Location{Path: path, Range: r}, channelfile.ID{}, -1)
}

// needsPaths maps paths in a channel file to paths in a document with needs.
var needsPaths = map[string]string{
	"header":                 "sizes",
	"header.version":         "format",
	"header.channel":         "channel",
	"header.type":            "type",
	"header.type_version":    "typeVersion",
	"header.inputs_declared": "inputsDeclared",
	"header.inputs_read":     "inputsRead",
}

// place adds the position in the source of the subject to a location. Content that was
// compiled only to be judged has no bytes that a user could look at.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) place(where Location, id channelfile.ID, input int) Location {
	at := where.Range
	if p.Subject.Kind == KindRules {
		where.Range = channelfile.Range{}
	}
	if p.Subject.Origin != nil {
		if pos, ok := p.Subject.Origin(Part{where.Path, id, input, where.Source, at}); ok {
			where.Source = pos
		}
	}
	where.Source.Path, where.Source.Text = cut(where.Source.Path), cut(where.Source.Text)
	return where
}

// LocateInstance returns the location and the names of instance i of the file.
func (p *Pass) LocateInstance(i int) (Location, *Instance) {
	where, instance := p.locateInstance(i)
	return p.place(where, instance.ID, -1), instance
}

// locateInstance uses only the provenance in the file.
func (p *Pass) locateInstance(i int) (Location, *Instance) {
	in, origin := p.File.Instance(i), p.File.ShortOrigin(i, p.textBytes())
	where := Location{
		Path:   fmt.Sprintf("instance[%d]", i),
		Range:  p.File.InstanceRange(i),
		Source: Position{Path: origin.Path, Line: origin.Line},
	}
	return where, instanceOf(i, in.ID, origin)
}

// instanceOf returns the names of an instance with an index, an ID and an origin.
func instanceOf(index int, id channelfile.ID, o channelfile.Origin) *Instance {
	return &Instance{Index: index, ID: id, Rule: cut(o.Rule), Title: cut(o.Title), Author: cut(o.Author)}
}

// LocateWord returns the location of word w of the condition of instance i, and the names
// of the instance. Input is the index of the input that the word reads, or -1.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) LocateWord(i, w, input int) (Location, *Instance) {
	where, instance := p.locateInstance(i)
	where.Path = fmt.Sprintf("instance[%d].word[%d]", i, w-p.File.Instance(i).First)
	where.Range = p.File.WordRange(w)
	line, text := p.File.ShortUse(w, p.textBytes())
	where.Source.Text = text
	if line > 0 {
		where.Source.Line = line
	}
	return p.place(where, instance.ID, input), instance
}

// LocateCause returns the location of the cause of a need, and the names of its instance.
// Findings on needs use it, because there is no file. Input is the index of the input
// that the cause reads, or -1.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) LocateCause(c sensor.Cause, input int) (Location, *Instance) {
	where := Location{Source: Position{Path: c.Path, Line: c.Line}}
	switch {
	case c.Instance >= 0:
		where.Path = fmt.Sprintf("instance[%d]", c.Instance)
	case input >= 0:
		where.Path = fmt.Sprintf("inputs[%d]", input)
	}
	return p.place(where, c.ID, input), &Instance{Index: c.Instance, ID: c.ID, Rule: cut(c.Rule), Title: cut(c.Title)}
}

// InputAt returns an input with its name and type by the subject's definition.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) InputAt(index int) *Input {
	in := &Input{Index: index}
	if p.Definition != nil && index >= 0 && index < len(p.Definition.Inputs) {
		in.Name, in.Type = p.Definition.Inputs[index].Name, p.Definition.Inputs[index].Type
	}
	return in
}

// LocateCriterion returns the location of the first word that refers to criterion i, and
// the names of its instance. If no word does, it returns the location of the criterion
// and nil. Input is the index of the input that the criterion reads, or -1.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) LocateCriterion(i, input int) (Location, *Instance) {
	w := p.firstUse(i)
	if w < 0 {
		return p.Locate(p.File.CriterionRange(i), fmt.Sprintf("criterion[%d]", i)), nil
	}
	// The instances have consecutive words.
	next := sort.Search(p.File.Instances(), func(k int) bool { return p.File.Instance(k).First > w })
	return p.LocateWord(next-1, w, input)
}

// firstUse returns the first word that refers to criterion i, or -1 if no word does.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) firstUse(i int) int {
	if p.uses == nil {
		p.uses = make([]int32, p.File.Criteria())
		for w := p.File.Words() - 1; w >= 0; w-- {
			if word := p.File.Word(w); word.IsReference() {
				p.uses[word.Criterion()] = int32(w) + 1
			}
		}
	}
	return int(p.uses[i]) - 1
}

// MaxText is the number of characters of each text of the content that a finding repeats.
// Texts can be long, and findings many.
const MaxText = 256

// textBytes returns the number of bytes of a text that are read: enough to see whether it
// has more characters than a finding repeats. A subject with an Origin gets the whole
// text, because Origin can depend on it.
//
//mutation:equivalent: only report texts depend on it
func (p *Pass) textBytes() int {
	if p.Subject.Origin != nil {
		return channelfile.MaxTextLength
	}
	return shortText
}

// shortText is the number of bytes that are enough to see whether a text has more than MaxText
// characters.
const shortText = utf8.UTFMax * (MaxText + 1)

// cut returns the first MaxText characters of a text.
//
//mutation:equivalent: only report texts depend on it
func cut(s string) string {
	n := 0
	for i := range s {
		if n == MaxText {
			return strings.Clone(s[:i]) + "..."
		}
		n++
	}
	return s
}
