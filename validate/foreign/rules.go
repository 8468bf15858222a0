package foreign

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/logging"
	"github.com/cfcheck/cfcheck/validate"
)

// ofRules are the parts of the subject that the checks of meaning use.
const ofRules = validate.UsesSysmonRules | validate.UsesFleet

// A ruleSet is the rules that one or several versions of Sysmon have after they loaded the subject.
// The versions have the same fields in the events that the rules filter, so they decide in the same
// way.
type ruleSet struct {
	*sysmon.Rules
	schema   *sysmon.Schema
	engine   *logging.Engine // one that knows nothing, unless sure is true
	sure     bool            // the versions have exactly these rules
	versions []*version
	isBlob   bool
}

// ruleSets are the rules of the subject. A version that does not load the subject has no rules. A
// blob with a fault is left out, because the rules in it can differ from those of a driver.
var ruleSets = validate.OfFleet(func(p *validate.Pass) []*ruleSet {
	var sets []*ruleSet
	list := versions.Get(p)
	whole := p.SysmonBlob != nil && blob.Acceptable(p.SysmonBlob.Faults)
	for i := range list {
		v := &list[i]
		r := &ruleSet{schema: v.sysmon.Manifest(), versions: []*version{v}, isBlob: v.loading == nil}
		switch {
		case v.loading != nil && v.loading.Took():
			r.Rules, r.sure = v.loading.Rules, v.loading.Sure
		case whole && blob.Acceptable(p.SysmonBlob.For(v.sysmon)):
			r.Rules, r.sure = p.SysmonBlob.Rules(r.schema), true
		default:
			continue
		}
		// Before 4.30 it is not known how the driver combines filters and elements.
		r.sure = r.sure && v.sysmon.Schema.Compare(sysmon.Version{Major: 4, Minor: 30}) >= 0
		if k := slices.IndexFunc(sets, r.same); k >= 0 {
			sets[k].versions = append(sets[k].versions, v)
			continue
		}
		r.engine = logging.New(r.Rules, v.sysmon, r.sure)
		sets = append(sets, r)
	}
	return sets
})

// same reports whether the versions of another set decide in the same way.
func (r *ruleSet) same(o *ruleSet) bool {
	a, b := r.versions[0].sysmon, o.versions[0].sysmon
	if r.sure != o.sure || !logging.Alike(a, b) || len(r.Elements) != len(o.Elements) {
		return false
	}
	for i := range r.Elements {
		x, y := &r.Elements[i], &o.Elements[i]
		if x.Event != y.Event || x.Include != y.Include || x.All != y.All || x.Place != y.Place ||
			!slices.Equal(x.Filters, y.Filters) || !slices.Equal(x.Groups, y.Groups) {
			return false
		}
		if i > 0 && r.Elements[i-1].Event == x.Event {
			continue
		}
		one, other := r.events(x), o.events(y)
		if !slices.EqualFunc(one, other, func(a, b *sysmon.Event) bool { return a.ID == b.ID && slices.Equal(a.Fields, b.Fields) }) {
			return false
		}
	}
	return true
}

// events returns the events that an element filters. It returns nil for an event without a tag,
// which only a blob can have.
func (r *ruleSet) events(e *sysmon.Element) []*sysmon.Event {
	if tag := r.tag(e); tag != "" {
		return r.schema.Tagged(tag)
	}
	return nil
}

// tag returns the name of an element in a configuration, such as "DriverLoad".
func (r *ruleSet) tag(e *sysmon.Element) string {
	if ev := r.schema.Event(e.Event); ev != nil {
		return ev.Tag
	}
	return ""
}

// onmatch returns the word for the effect of an element.
func onmatch(e *sysmon.Element) string {
	if e.Include {
		return "include"
	}
	return "exclude"
}

// at names a place in a message.
func (r *ruleSet) at(place sysmon.Place) string {
	if place.Line > 0 {
		return fmt.Sprintf("line %d", place.Line)
	}
	return fmt.Sprintf("byte 0x%X (%d)", place.Offset, place.Offset)
}

// perTag calls f with the elements of each tag, in the order of the rules.
func (r *ruleSet) perTag(f func(tag string, elements []*sysmon.Element)) {
	of := map[string][]*sysmon.Element{}
	var tags []string
	for i := range r.Elements {
		e := &r.Elements[i]
		tag := r.tag(e)
		if tag == "" {
			continue
		}
		if of[tag] == nil {
			tags = append(tags, tag)
		}
		of[tag] = append(of[tag], e)
	}
	for _, tag := range tags {
		f(tag, of[tag])
	}
}

// perFilter calls f with each filter.
func (r *ruleSet) perFilter(f func(e *sysmon.Element, at *sysmon.Filter)) {
	for i := range r.Elements {
		e := &r.Elements[i]
		for k := range e.Filters {
			f(e, &e.Filters[k])
		}
	}
}

// filterText describes a filter: field, condition and value.
func filterText(f *sysmon.Filter) string {
	return fmt.Sprintf("%s %v %s", fieldText(f), f.Op, quote(f.Value))
}

func fieldText(f *sysmon.Filter) string {
	if f.FieldName == "" {
		return fmt.Sprintf("field %d", f.Field)
	}
	return f.FieldName
}

// quote returns a text in quotes. It doubles no backslash, because most values are paths.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		cut := most
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		s = s[:cut] + "..."
	}
	return strings.ReplaceAll(strconv.Quote(s), `\\`, `\`)
}

// A remark is a statement of a check about a place of the rules.
type remark struct {
	place sysmon.Place
	what  string // the place in the content for identities; it has no line and no offset
	aside string // distinguishes the remarks of one place that are not the same
	text  func() (message string, details []string)
	fix   string

	// witness returns a sentence about the smallest event that shows the finding, or "". nil means
	// that no event does.
	witness func() string

	versions []*version
}

// about returns a remark about a filter.
func (r *ruleSet) about(e *sysmon.Element, f *sysmon.Filter) remark {
	return remark{place: f.Place, what: r.tag(e) + " " + onmatch(e) + " " + fieldText(f) + " " + f.Op.String() + " " + f.Value}
}

// aboutElement returns a remark about an element.
func (r *ruleSet) aboutElement(e *sysmon.Element) remark {
	return remark{place: e.Place, what: r.tag(e) + " " + onmatch(e)}
}

// judgeRules reports the remarks of a check about each set of rules. Sets with the same remark
// share a finding. find returns false if the check cannot finish.
func judgeRules(p *validate.Pass, find func(r *ruleSet, say func(remark)) bool) {
	type key struct {
		offset int64
		aside  string
	}
	var list []remark
	seen := map[key]int{}
	for _, r := range ruleSets.Get(p) {
		done := find(r, func(m remark) {
			k := key{m.place.Offset, m.aside}
			at, ok := seen[k]
			if !ok {
				at = len(list)
				seen[k] = at
				list = append(list, m)
			}
			if of := list[at].versions; len(of) == 0 || of[len(of)-1] != r.versions[len(r.versions)-1] {
				list[at].versions = append(list[at].versions, r.versions...)
			}
		})
		if !done {
			return
		}
	}
	slices.SortStableFunc(list, func(a, b remark) int { return cmp.Compare(a.place.Offset, b.place.Offset) })
	for i := range list {
		m := &list[i]
		p.Report(func() validate.Finding {
			of, hosts := builds(m.versions)
			loads := "loads"
			if len(m.versions) > 1 {
				loads = "load"
			}
			message, details := m.text()
			if m.witness != nil {
				if w := m.witness(); w != "" {
					details = append(details, w)
				}
			}
			finding := validate.Finding{
				Message: message, Fix: m.fix, Builds: of,
				Details: append(details, fmt.Sprintf("%s of %s hosts run Sysmon %s, which %s these rules (fleet %s)",
					numeral.Thousands(hosts), numeral.Thousands(hostsOf(p)), names(m.versions), loads, p.Fleet.Name)),
			}
			if p.SysmonBlob != nil {
				finding.Where = locateRecord(p, m.place.Offset)
			} else {
				finding.Where = locate(p, m.place)
			}
			finding.Identity.Path = m.what
			return finding
		})
		if p.Check.Severity == validate.Error {
			blame(p, m.versions)
		}
	}
}

// locateRecord returns the location of the record of a blob that starts at an offset.
func locateRecord(p *validate.Pass, offset int64) validate.Location {
	b, at := p.SysmonBlob, int(offset)
	if i, ok := slices.BinarySearchFunc(b.Events, at, func(e blob.Event, at int) int { return cmp.Compare(e.Offset, at) }); ok {
		return p.Locate(channelfile.Range{Start: at, End: at + b.EventSize()}, fmt.Sprintf("event[%d]", i))
	}
	if i, ok := slices.BinarySearchFunc(b.Filters, at, func(f blob.Filter, at int) int { return cmp.Compare(f.Offset, at) }); ok {
		return p.Locate(channelfile.Range{Start: at, End: at + b.FilterSize(i)}, fmt.Sprintf("filter[%d]", i))
	}
	if i, ok := slices.BinarySearchFunc(b.Aggregations, at, func(a blob.Aggregation, at int) int { return cmp.Compare(a.Offset, at) }); ok {
		return p.Locate(channelfile.Range{Start: at, End: at + blob.AggregationSize}, fmt.Sprintf("aggregation[%d]", i))
	}
	return p.Locate(channelfile.Range{}, "rules")
}
