package sysmontrial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/cfcheck/cfcheck/fuzz/internal/blobedits"
	"github.com/cfcheck/cfcheck/fuzz/internal/sysmonreader"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// Figures count the work of trials.
type Figures struct {
	Configurations uint64
	Accepted       uint64            // by the gate
	Changes        uint64            // of blobs
	Decisions      uint64            // about events that the gate and the model agree on
	Unknown        uint64            // that the gate leaves open
	Claims         map[string]uint64 // of findings that events were held against, by check
	Hits           map[*validate.Check]uint64
}

// Add adds other figures.
func (f *Figures) Add(g *Figures) {
	f.Configurations += g.Configurations
	f.Accepted += g.Accepted
	f.Changes += g.Changes
	f.Decisions += g.Decisions
	f.Unknown += g.Unknown
	for check, n := range g.Claims {
		f.claim(check, n)
	}
	for check, n := range g.Hits {
		f.hit(check, n)
	}
}

func (f *Figures) hit(check *validate.Check, n uint64) {
	if f.Hits == nil {
		f.Hits = map[*validate.Check]uint64{}
	}
	f.Hits[check] += n
}

func (f *Figures) claim(check string, n uint64) {
	if f.Claims == nil {
		f.Claims = map[string]uint64{}
	}
	f.Claims[check] += n
}

// eventsPerCase is the number of events for each type of a case; changesPerCase that of the changes
// of its blob.
const (
	eventsPerCase  = 25
	changesPerCase = 10
)

// A trial is a case while it is tried.
type trial struct {
	*Case
	*Figures
	random  *rand.Rand
	build   *sysmon.Build
	engine  *sysmonreader.Engine
	loading *config.Loading
	escape  bool     // of the problem
	pool    []string // texts for the fields of events
	events  []event
}

// An event has the values of its fields in their order.
type event struct {
	of     *sysmon.Event
	values []string
}

// A Problem is a contradiction between the gate and the model.
type Problem struct {
	Escape bool // the gate accepts a blob with which the model comes to harm
	What   string
}

// Try tries the case with the checks of the gate. It returns nil if the gate and
// the model agree.
func (c *Case) Try(checks []*validate.Check, f *Figures) *Problem {
	build, err := sysmon.BuildNamed(c.Build)
	if err != nil {
		return &Problem{What: err.Error()}
	}
	t := &trial{Case: c, Figures: f, random: rand.New(rand.NewPCG(c.Seed, 0)), build: build, engine: blobedits.Engine(build)}
	f.Configurations++
	if what := t.try(checks); what != "" {
		return &Problem{t.escape, what}
	}
	return nil
}

func (t *trial) try(checks []*validate.Check) string {
	cfg, err := config.Parse(t.Text())
	if err != nil {
		return "" // lines that were removed can leave such a text
	}
	t.loading = cfg.Load(t.build)
	fleet := &sensor.Fleet{Name: "drawn", Contracts: []sensor.Contract{{Build: "drawn", Hosts: 1, Sensors: []sensor.SensorVersion{{Name: sensor.Sysmon, Version: t.Build}}}}}
	opts := validate.Options{Checks: checks, Fleet: fleet}
	report := validate.Run(validate.SysmonSource("config.xml", t.Text()), opts)
	for _, total := range report.Totals {
		t.hit(total.Check, 1)
	}
	if report.Verdict() != validate.Accepted {
		return ""
	}
	t.Accepted++
	data, err := t.loading.Blob()
	if err != nil {
		return "the configuration is accepted, but is not compiled: " + err.Error()
	}
	if len(data) == 0 || slices.ContainsFunc(t.loading.Problems, func(p config.Problem) bool { return p.Reason == config.DamagedBlob }) {
		return ""
	}
	if r := validate.Run(validate.SysmonBlob("rules.bin", data), opts); r.Verdict() != validate.Accepted {
		return fmt.Sprintf("the configuration is accepted, and its blob is %v: %v", r.Verdict(), r.Totals)
	}
	if what := t.blob(data); what != "" {
		return what
	}
	if what := t.decisions(data); what != "" {
		return what
	}
	return t.claims(report, data)
}

// blob holds that a blob comes back from its configuration, and that of its single changes those
// that are accepted do no harm.
func (t *trial) blob(data []byte) string {
	b, err := blob.Parse(data)
	if err != nil {
		return err.Error()
	}
	text, err := config.Decompile(b)
	if err != nil {
		return "an accepted blob is not decompiled: " + err.Error()
	}
	cfg, err := config.Parse(text)
	if err != nil {
		return "a decompiled configuration is not well-formed: " + err.Error()
	}
	again, err := cfg.Load(t.build).Blob()
	if err != nil || b.Differs(again) >= 0 {
		return fmt.Sprintf("a blob does not come back from its configuration: byte %d, %v", b.Differs(again), err)
	}
	plan := blobedits.Plan{Files: []blobedits.File{{Name: "rules.bin", Data: data}}, Changes: changesPerCase, Seed: t.Seed, Cores: 1}
	figures, err := plan.Run(context.Background(), new(atomic.Uint64))
	if err != nil {
		return err.Error()
	}
	t.Changes += figures.Changes
	if len(figures.Escapes) > 0 {
		t.escape = true
		return fmt.Sprintf("an accepted blob: %s: %s", figures.Escapes[0].Change, figures.Escapes[0].Why)
	}
	return ""
}

// decisions compares the decisions of the gate and the model about events.
func (t *trial) decisions(data []byte) string {
	l := t.engine.Load(data)
	if l.Outcome != sysmonreader.Accepted || len(l.Trouble) > 0 {
		t.escape = true
		return fmt.Sprintf("the model %v: %v", l.Outcome, l.Trouble)
	}
	t.drawEvents()
	e := logging.New(t.loading.Rules, t.build, t.loading.Sure)
	for i := range t.events {
		ev := &t.events[i]
		got := e.Logged(&logging.Event{ID: ev.of.ID, Values: ev.byName()})
		d := l.Decide(ev.of.ID, ev.values)
		if d.Outcome != sysmonreader.Accepted {
			t.escape = true
			return fmt.Sprintf("%v: the model %v: %v", ev, d.Outcome, l.Trouble)
		}
		if got.Answer == logging.Unknown {
			t.Unknown++
			continue
		}
		t.Decisions++
		if (got.Answer == logging.Logged) != d.Logged {
			return fmt.Sprintf("%v is %v; the model says logged: %t", ev, got.Answer, d.Logged)
		}
		if got.NameKnown && d.Logged && got.RuleName != d.RuleName {
			return fmt.Sprintf("%v has the RuleName %q; the model says %q", ev, got.RuleName, d.RuleName)
		}
	}
	return ""
}

// String describes an event.
func (e *event) String() string {
	text := fmt.Sprintf("event %d", e.of.ID)
	for i, v := range e.values {
		if v != "" {
			text += fmt.Sprintf(" %s=%q", e.of.Fields[i], v)
		}
	}
	return text
}

func (e *event) byName() map[string]string {
	values := make(map[string]string, len(e.values))
	for i, v := range e.values {
		values[e.of.Fields[i]] = v
	}
	return values
}

// drawEvents draws events of the types that the rules filter. The texts are values of filters,
// their items, and such values with more around them.
func (t *trial) drawEvents() {
	filtered := map[int]bool{}
	for i := range t.loading.Rules.Elements {
		for _, f := range t.loading.Rules.Elements[i].Filters {
			filtered[f.Field] = true
			t.pool = append(t.pool, f.Value)
			t.pool = append(t.pool, strings.Split(f.Value, ";")...)
		}
	}
	t.pool = append(t.pool, "", "x", "9", "10")
	pick := func() string { return t.pool[t.random.IntN(len(t.pool))] }
	seen := map[uint32]bool{}
	for i := range t.loading.Rules.Elements {
		first := t.build.Manifest().Event(t.loading.Rules.Elements[i].Event)
		for _, of := range t.build.Manifest().Tagged(first.Tag) {
			if seen[of.ID] || t.build.Platform == sysmon.Linux && !slices.Contains(onLinux, of.ID) {
				continue
			}
			seen[of.ID] = true
			for range eventsPerCase {
				ev := event{of, make([]string, len(of.Fields))}
				for k := range ev.values {
					if !filtered[k] || t.empty(of, of.Fields[k]) {
						continue
					}
					switch t.random.IntN(6) {
					case 0:
						ev.values[k] = pick() + pick()
					case 1:
						ev.values[k] = strings.ToUpper(pick())
					case 2:
						ev.values[k] = pick() + pick() + pick()
					case 3:
					default:
						ev.values[k] = pick()
					}
				}
				t.events = append(t.events, ev)
			}
		}
	}
}

// onLinux are the events that Sysmon for Linux has.
var onLinux = []uint32{1, 3, 4, 5, 9, 11, 16, 23, 255}

// empty reports whether a field is always empty, because the configuration switches its lookup off.
func (t *trial) empty(of *sysmon.Event, field string) bool {
	return of.ID == 3 && t.loading.Rules.Options.DnsLookup == sysmon.Off &&
		(strings.HasSuffix(field, "Hostname") || strings.HasSuffix(field, "PortName"))
}

var (
	tagForm     = regexp.MustCompile(`^the (?:[0-9]+ elements|exclude) of (\w+) (?:log no event|drops each event)`)
	neverForm   = regexp.MustCompile(`^events? ([0-9]+(?:(?:, | and )[0-9]+)*) of \w+: never logged`)
	numberForm  = regexp.MustCompile(`[0-9]+`)
	emptyForm   = regexp.MustCompile(`^the empty exclude of (\w+) logs nothing`)
	coverForm   = regexp.MustCompile(`of line ([0-9]+) by "or", and each event satisfies one of the two$`)
	byOption    = regexp.MustCompile(`DnsLookup|HashAlgorithms`)
	witnessForm = regexp.MustCompile(`^witness: event ([0-9]+) \(\w+\)(.*?) (?:alone|without any text)? ?is (logged|dropped)(?:$|[;,])`)
	textForm    = regexp.MustCompile(`(\w+) "([^"]*)"`)
)

// claims holds the findings about the meaning of the rules against the events.
func (t *trial) claims(report *validate.Report, data []byte) string {
	whole := t.engine.Load(data)
	logged := func(l *sysmonreader.Loaded, ev *event) bool { return l.Decide(ev.of.ID, ev.values).Logged }
	for i := range report.Findings {
		f := &report.Findings[i]
		wrong := func(format string, args ...any) string {
			return fmt.Sprintf("%v line %d: %s: ", f.Check, f.Where.Source.Line, f.Message) + fmt.Sprintf(format, args...)
		}
		// all holds a claim about each event.
		all := func(holds func(ev *event) bool) string {
			for k := range t.events {
				if !holds(&t.events[k]) {
					return wrong("%v", &t.events[k])
				}
			}
			t.claim(f.Check.ID, uint64(len(t.events)))
			return ""
		}
		problem := ""
		switch f.Check.ID {
		case "CF8301":
			m := tagForm.FindStringSubmatch(f.Message) // nil if it is about all tags of the file
			problem = all(func(ev *event) bool { return m != nil && ev.of.Tag != m[1] || !logged(whole, ev) })
		case "CF8302":
			tag := emptyForm.FindStringSubmatch(f.Message)[1]
			rest := t.model(func(e *sysmon.Element) bool { return e.Include || t.tag(e) != tag })
			if rest == nil {
				break
			}
			problem = all(func(ev *event) bool { return ev.of.Tag != tag || logged(whole, ev) == logged(rest, ev) })
		case "CF8307":
			if m := neverForm.FindStringSubmatch(f.Message); m != nil {
				ids := numberForm.FindAllString(m[1], -1)
				problem = all(func(ev *event) bool {
					return !slices.Contains(ids, strconv.Itoa(int(ev.of.ID))) || !logged(whole, ev)
				})
			}
		case "CF8308":
			m := coverForm.FindStringSubmatch(f.Message)
			if m == nil {
				break
			}
			other, _ := strconv.Atoi(m[1])
			e, list := t.filtersAt(f.Where.Source.Line, other)
			if l := t.alone(e, false, list); l != nil {
				problem = all(func(ev *event) bool { return ev.of.ID != e.Event || logged(l, ev) })
			}
		case "CF8311", "CF8312":
			if byOption.MatchString(f.Message) {
				break
			}
			e, list := t.alternative(f.Where.Source.Line)
			if l := t.alone(e, true, list); l != nil {
				tag := t.tag(e)
				problem = all(func(ev *event) bool {
					return ev.of.Tag != tag || !logged(l, ev) || f.Check.ID == "CF8311" && !logged(whole, ev)
				})
			}
		case "CF8313":
			if l := t.withoutFilter(f.Where.Source.Line); l != nil {
				problem = all(func(ev *event) bool { return logged(l, ev) == logged(whole, ev) })
			}
		}
		for _, d := range f.Details {
			if problem == "" && strings.HasPrefix(d, "witness: ") {
				problem = t.replay(f.Check.ID, d, whole)
			}
		}
		if problem != "" {
			return problem
		}
	}
	return ""
}

// replay holds a witness against the model.
func (t *trial) replay(check, text string, l *sysmonreader.Loaded) string {
	m := witnessForm.FindStringSubmatch(text)
	if m == nil {
		return "a witness has another form: " + text
	}
	id, _ := strconv.Atoi(m[1])
	of := t.build.Manifest().Event(uint32(id))
	values := make([]string, len(of.Fields))
	for _, field := range textForm.FindAllStringSubmatch(m[2], -1) {
		values[of.Field(field[1])] = field[2]
	}
	if d := l.Decide(of.ID, values); d.Logged != (m[3] == "logged") {
		return check + " " + text + fmt.Sprintf("; the model says logged: %t", d.Logged)
	}
	t.claim(check+" witness", 1)
	return ""
}

func (t *trial) tag(e *sysmon.Element) string { return t.build.Manifest().Event(e.Event).Tag }

// model returns the model with the elements that keep says, or nil if there is not one.
func (t *trial) model(keep func(e *sysmon.Element) bool) *sysmonreader.Loaded {
	r := &sysmon.Rules{Schema: t.loading.Rules.Schema}
	for _, e := range t.loading.Rules.Elements {
		if keep(&e) {
			r.Elements = append(r.Elements, e)
		}
	}
	return t.load(r)
}

// load returns the model with rules. The IDs of groups are counted from 1.
func (t *trial) load(r *sysmon.Rules) *sysmonreader.Loaded {
	if len(r.Elements) == 0 {
		return nil
	}
	for i := range r.Elements {
		e := &r.Elements[i]
		e.Groups = slices.Clone(e.Groups)
		for g := range e.Groups {
			e.Groups[g].ID = 0
		}
	}
	data, err := blob.Encode(r, t.build.Binary)
	if err != nil {
		return nil
	}
	return t.engine.Load(data)
}

// filtersAt returns the filters at lines, which stand in one element.
func (t *trial) filtersAt(lines ...int) (*sysmon.Element, []sysmon.Filter) {
	for i := range t.loading.Rules.Elements {
		e := &t.loading.Rules.Elements[i]
		var list []sysmon.Filter
		for _, f := range e.Filters {
			if slices.Contains(lines, f.Place.Line) {
				list = append(list, f)
			}
		}
		if len(list) == len(lines) {
			return e, list
		}
	}
	return nil, nil
}

// alternative returns the element and the filters of an include that begins at a line: a filter, a
// Rule or the whole element.
func (t *trial) alternative(line int) (*sysmon.Element, []sysmon.Filter) {
	for i := range t.loading.Rules.Elements {
		e := &t.loading.Rules.Elements[i]
		if e.Place.Line == line {
			return e, e.Filters
		}
		for g := range e.Groups {
			if e.Groups[g].Place.Line == line {
				return e, slices.DeleteFunc(slices.Clone(e.Filters), func(f sysmon.Filter) bool { return f.Group != g })
			}
		}
	}
	return t.filtersAt(line)
}

// alone returns the model with one include that has some filters of an element. With whole, the
// filters that stand in Rules keep them, and the element its relation; otherwise the filters are
// combined by "or".
func (t *trial) alone(e *sysmon.Element, whole bool, list []sysmon.Filter) *sysmonreader.Loaded {
	if e == nil || len(list) == 0 {
		return nil
	}
	only := sysmon.Element{Event: e.Event, Include: true, All: whole && e.All}
	groups := map[int]int{}
	for _, f := range list {
		switch {
		case !whole || f.Group < 0:
			f.Group = -1
		default:
			at, ok := groups[f.Group]
			if !ok {
				at = len(only.Groups)
				groups[f.Group] = at
				g := e.Groups[f.Group]
				g.First = len(only.Filters)
				only.Groups = append(only.Groups, g)
			}
			f.Group = at
		}
		only.Filters = append(only.Filters, f)
	}
	return t.load(&sysmon.Rules{Schema: t.loading.Rules.Schema, Elements: []sysmon.Element{only}})
}

// withoutFilter returns the model without the filter at a line.
func (t *trial) withoutFilter(line int) *sysmonreader.Loaded {
	r := &sysmon.Rules{Schema: t.loading.Rules.Schema}
	for _, e := range t.loading.Rules.Elements {
		k := slices.IndexFunc(e.Filters, func(f sysmon.Filter) bool { return f.Place.Line == line })
		if k >= 0 {
			e.Filters = slices.Delete(slices.Clone(e.Filters), k, k+1)
			e.Groups = slices.Clone(e.Groups)
			for g := range e.Groups {
				if e.Groups[g].First > k {
					e.Groups[g].First--
				}
			}
		}
		r.Elements = append(r.Elements, e)
	}
	return t.load(r)
}

// Minimise removes lines while the case has a problem, and returns the smaller case and its
// problem.
func (c *Case) Minimise(checks []*validate.Check) (*Case, *Problem) {
	small := *c
	problem := small.Try(checks, new(Figures))
	// without removes lines if the case has a problem without them, and reports whether it did.
	without := func(from, to, other int) bool {
		try := small
		try.Lines = slices.Clone(small.Lines)
		if other >= to {
			try.Lines = slices.Delete(try.Lines, other, other+1)
		}
		try.Lines = slices.Delete(try.Lines, from, to)
		p := try.Try(checks, new(Figures))
		if p == nil {
			return false
		}
		small, problem = try, p
		return true
	}
	for again := problem != nil; again; {
		again = false
		for size := len(small.Lines) / 2; size > 0; size /= 2 {
			for at := 0; at+size <= len(small.Lines); {
				if without(at, at+size, -1) {
					again = true
				} else {
					at++
				}
			}
		}
		for at := 0; at < len(small.Lines); at++ { // a start tag and its end tag go together
			for end := at + 1; end < len(small.Lines); end++ {
				again = without(at, at+1, end) || again
			}
		}
	}
	return &small, problem
}
