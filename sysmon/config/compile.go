package config

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
)

// An attempt is an event record that the loader wrote. It undoes the record if the event
// turns out to lack a field.
type attempt struct {
	element sysmon.Element
	undone  bool
}

// A series is a tag, with its events in the order of the manifest.
type series struct {
	tag    string
	events []*sysmon.Event
	fields []map[string]int // of each event, the place of each field
}

// seriesOf returns the tags of a manifest in its order.
func seriesOf(s *sysmon.Schema) []series {
	var list []series
	for i := range s.Events {
		e := &s.Events[i]
		if e.Tag == "" {
			continue
		}
		if len(list) == 0 || list[len(list)-1].tag != e.Tag {
			list = append(list, series{tag: e.Tag})
		}
		last := &list[len(list)-1]
		places := make(map[string]int, len(e.Fields))
		for at, f := range e.Fields {
			if _, ok := places[f]; !ok {
				places[f] = at
			}
		}
		last.events, last.fields = append(last.events, e), append(last.fields, places)
	}
	return list
}

// compile compiles the event elements.
func (l *loader) compile() {
	c := l.config
	of := map[string][]int{}
	total := 0
	for i := range c.Nodes {
		if l.roles[i] == event {
			of[c.Nodes[i].Name] = append(of[c.Nodes[i].Name], i)
			total++
		}
	}
	l.Rules.Elements = make([]sysmon.Element, 0, total)
	l.nextGroup = 1
	for _, s := range seriesOf(l.manifest) {
		nodes := of[s.tag]
		for k, node := range nodes {
			if !l.element(&s, node, nodes[k+1:]) {
				break
			}
			if l.Refused != nil {
				return
			}
		}
	}
}

// element compiles one event element. It returns false if the loader drops the later ones
// of the tag too.
func (l *loader) element(s *series, node int, later []int) bool {
	c := l.config
	n := &c.Nodes[node]
	onmatch, byDefault := c.Attr(node, "onmatch"), c.Attr(node, "default")
	e := sysmon.Element{Place: n.Place}
	switch {
	case onmatch == nil && byDefault == nil:
		l.problem(Dropped, NoOnMatch, node, fmt.Sprintf("<%s> has no attribute onmatch: the loader drops the element", n.Name), `add onmatch="include" or onmatch="exclude"`)
		return true
	case onmatch != nil && byDefault != nil:
		l.problem(Dropped, TwoDefaults, node, fmt.Sprintf("<%s> has both onmatch and default: the loader drops the element", n.Name), "delete the attribute default")
		return true
	case onmatch != nil:
		e.Include = word(onmatch.Value) == "include"
	default:
		// The old attribute states the decision without a match, so it is the other way round.
		e.Include = word(byDefault.Value) == "exclude"
	}
	var name *Attr
	e.All = l.Declared.Compare(sysmon.Version{Major: 4, Minor: 10}) > 0
	if parent := n.Parent; l.roles[parent] == group {
		e.All = word(c.Attr(parent, "groupRelation").Value) == "and"
		name = c.Attr(parent, "name")
	}
	wrong := -1
	for k, ev := range s.events {
		try := attempt{element: e}
		try.element.Event = ev.ID
		wrong = l.filters(&try.element, s.fields[k], node, name, k == 0)
		if l.Refused != nil {
			return false
		}
		try.undone = wrong >= 0
		l.attempts = append(l.attempts, try)
		if wrong < 0 {
			l.Rules.Elements = append(l.Rules.Elements, try.element)
			return true
		}
	}
	l.incorrectField(s, node, wrong, later)
	return false
}

// incorrectField reports an element that no event of its tag fits. The loader says "Incorrect
// field".
func (l *loader) incorrectField(s *series, node, wrong int, later []int) {
	c := l.config
	n, f := &c.Nodes[node], &c.Nodes[wrong]
	p := Problem{Kind: Dropped, Reason: IncorrectField, Node: wrong, Place: f.Place, Sure: true, Fix: "delete the field, or move it to an element of its own"}
	p.Text = fmt.Sprintf("field %s does not belong to %s: the <%s> of line %d is dropped", f.Name, s.tag, n.Name, n.Place.Line)
	if len(s.events) > 1 {
		p.Text = fmt.Sprintf("no event of %s has field %s and all earlier fields of the element: the <%s> of line %d is dropped", s.tag, f.Name, n.Name, n.Place.Line)
		p.Fix = "put fields of different events into elements of their own, the correct ones first"
	}
	if len(later) > 0 {
		p.Text += fmt.Sprintf(", and the %d later ones of the tag", len(later))
		for _, i := range later {
			p.Lost = append(p.Lost, c.Nodes[i].Place)
		}
	}
	l.report(&p)
}

// filters compiles the filters of an element for one event, with the place of each of its
// fields. It returns the first field element that the event lacks, or -1. first is true for
// the first event that is tried: problems are reported once.
func (l *loader) filters(e *sysmon.Element, fields map[string]int, node int, groupName *Attr, first bool) int {
	c := l.config
	count := 0
	for i := node + 1; i < len(c.Nodes) && c.Nodes[i].Parent >= node; i++ {
		count++
	}
	e.Filters = make([]sysmon.Filter, 0, count)
	for i := c.Nodes[node].First; i >= 0; i = c.Nodes[i].Next {
		if l.roles[i] != rule {
			if wrong := l.filter(e, fields, i, groupName, -1); wrong >= 0 || l.Refused != nil {
				return wrong
			}
			continue
		}
		n := &c.Nodes[i]
		g := sysmon.Group{ID: l.nextGroup, First: len(e.Filters), Place: n.Place}
		l.nextGroup++
		if a := c.Attr(i, "groupRelation"); a != nil {
			// The grammar permits any text here.
			g.All = !equalFold(a.Value, "or")
			if first && g.All && !equalFold(a.Value, "and") {
				l.report(&Problem{
					Kind: Ignored, Reason: WrongRelation, Node: i, Place: a.Place, Sure: l.known,
					Text: fmt.Sprintf(`groupRelation of <Rule> is %q, which counts as "and" (want "or" or "and")`, cut(a.Value)), Fix: "write one of the two",
				})
			}
		}
		name := groupName
		if a := c.Attr(i, "name"); a != nil {
			name, g.Name = a, a.Value
		}
		if !n.HasContent {
			l.report(&Problem{
				Kind: Crashes, Reason: EmptyRule, Node: i, Place: n.Place, Sure: l.known,
				Text: "<Rule> is empty: the loader follows a null pointer", Fix: "delete it",
			})
			return -1
		}
		if n.First < 0 && first {
			l.problem(Ignored, UnusedRule, i, "<Rule> contains no field, and has no effect", "delete it")
		}
		e.Groups = append(e.Groups, g)
		at := len(e.Groups) - 1
		for j := n.First; j >= 0; j = c.Nodes[j].Next {
			if wrong := l.filter(e, fields, j, name, at); wrong >= 0 || l.Refused != nil {
				return wrong
			}
		}
	}
	return -1
}

// filter compiles a field element. It returns it if the event lacks the field, else -1.
func (l *loader) filter(e *sysmon.Element, fields map[string]int, node int, name *Attr, at int) int {
	c := l.config
	n := &c.Nodes[node]
	place, ok := fields[n.Name]
	if !ok {
		return node
	}
	f := sysmon.Filter{Field: place, FieldName: n.Name, Value: n.Text, Group: at, Place: n.Place}
	if own := c.Attr(node, "name"); own != nil {
		name = own
	}
	if name != nil {
		if limit := l.nameLimit(); len(name.Value) > limit {
			l.report(&Problem{
				Kind: Refused, Reason: LongName, Node: node, Place: name.Place, Sure: l.known && limit == longestName,
				Text: fmt.Sprintf("the name %q has %d bytes (want at most %d)", cut(name.Value), len(name.Value), limit), Fix: "shorten it",
			})
			return -1
		}
		f.Name = name.Value
	}
	if f.Op, ok = l.condition(node); !ok {
		return -1
	}
	e.Filters = append(e.Filters, f)
	return -1
}

// longestName is the maximum length of the name of a filter since binary version 15, in
// bytes of UTF-8.
const longestName = 255

// nameLimit returns the maximum length of the name of a filter in bytes. Those before binary
// version 15 are from release notes.
func (l *loader) nameLimit() int {
	switch b := l.build; {
	case b.Layout == sysmon.Layout15:
		return longestName
	case b.Schema.Compare(sysmon.Version{Major: 4, Minor: 23}) >= 0:
		return 127
	}
	return 31
}

// equalFold compares a text with an ASCII word without regard to the case of ASCII letters.
func equalFold(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
