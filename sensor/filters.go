package sensor

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sysmon"
)

// Filters state which of the events of a feed Sysmon records. The build that runs on the hosts is
// that of [Contract.Sensor]. The zero Filters means that nothing is stated.
type Filters struct {
	Source string // name of a [Source] of the contract, which the places are in; "" means unknown
	// the event elements for the events of the feed, in the order in which the build holds them
	Elements []sysmon.Element
}

// Place returns the place of a part of the filters.
func (f *Filters) Place(p sysmon.Place) Place {
	if f.Source == "" {
		return Place{}
	}
	return Place{Source: f.Source, Line: p.Line}
}

// appendTerms appends all of the filters, as Contract.appendTerms does.
func (f *Filters) appendTerms(b []byte) []byte {
	number := func(n uint64) { b = binary.AppendUvarint(b, n) }
	text := func(s string) {
		number(uint64(len(s)))
		b = append(b, s...)
	}
	flag := func(is bool) {
		if is {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	place := func(p sysmon.Place) {
		b = binary.AppendVarint(b, p.Offset)
		number(uint64(p.Line))
		number(uint64(p.Column))
	}
	text(f.Source)
	number(uint64(len(f.Elements)))
	for i := range f.Elements {
		e := &f.Elements[i]
		number(uint64(e.Event))
		flag(e.Include)
		flag(e.All)
		place(e.Place)
		number(uint64(len(e.Filters)))
		for k := range e.Filters {
			f := &e.Filters[k]
			b = binary.AppendVarint(b, int64(f.Field))
			text(f.FieldName)
			number(uint64(f.Op))
			text(f.Value)
			text(f.Name)
			b = binary.AppendVarint(b, int64(f.Group))
			place(f.Place)
		}
		number(uint64(len(e.Groups)))
		for k := range e.Groups {
			g := &e.Groups[k]
			number(uint64(g.ID))
			text(g.Name)
			flag(g.All)
			number(uint64(g.First))
			place(g.Place)
		}
	}
	return b
}

// The maximum lengths of the lists of filters.
const (
	maxElements = 1024   // of a supply
	maxFilters  = 65_536 // of an element; also of its rules
	maxRuleName = 255    // in bytes; Sysmon refuses a longer one
)

var (
	filtersKeys = strictjson.Keys{
		Required: []string{"elements"},
		Optional: []string{"source"},
	}
	elementKeys = strictjson.Keys{
		Required: []string{"event", "onmatch", "filters"},
		Optional: append([]string{"match", "rules"}, filterPlaceKeys...),
	}
	filterKeys = strictjson.Keys{
		Required: []string{"field", "condition", "value"},
		Optional: append([]string{"name", "rule"}, filterPlaceKeys...),
	}
	filterRuleKeys = strictjson.Keys{
		Optional: append([]string{"id", "name", "match"}, filterPlaceKeys...),
	}
	filterPlaceKeys = []string{"line", "column", "offset"}

	onmatches = []string{"exclude", "include"} // in the order of Element.Include
	matches   = []string{"any", "all"}         // in the order of Element.All

	conditions = func() (names []string) {
		for o := sysmon.Operator(0); o.Known(); o++ {
			names = append(names, o.String())
		}
		return names
	}()
)

func (r *reader) filters() (f Filters) {
	r.newer()
	for key := range r.Object(filtersKeys) {
		switch key {
		case "source":
			var p Place
			r.place(&p, "source")
			f.Source = p.Source
		case "elements":
			for range r.Elements(maxElements, "elements") {
				f.Elements = append(f.Elements, r.element())
			}
			if len(f.Elements) == 0 {
				r.Failf("found an empty array; expected at least one element, or no filters")
			}
		}
	}
	return f
}

func (r *reader) element() (e sysmon.Element) {
	var rules []int // offsets of the keys "rule", by filter; -1 if it is in no rule
	for key := range r.Object(elementKeys) {
		switch key {
		case "event":
			r.filtered = append(r.filtered, r.Next())
			e.Event = uint32(r.Uint(1, math.MaxUint32))
		case "onmatch":
			e.Include = r.Enum(onmatches...) == 1
		case "match":
			e.All = r.Enum(matches...) == 1
		case "filters":
			for range r.Elements(maxFilters, "filters") {
				f, at := r.filter()
				e.Filters, rules = append(e.Filters, f), append(rules, at)
			}
		case "rules":
			for range r.Elements(maxFilters, "rules") {
				e.Groups = append(e.Groups, r.filterRule())
			}
			if len(e.Groups) == 0 {
				r.Failf("found an empty array; expected at least one rule, or no key")
			}
		default:
			r.filterPlace(&e.Place, key)
		}
	}
	// The rules may follow the filters that are in them.
	for i, at := range rules {
		if n := e.Filters[i].Group; n >= len(e.Groups) {
			r.FailAt(at, fmt.Sprintf("filters[%d].rule", i), "found rule %d, counted from 0; the element has %d", n, len(e.Groups))
		}
	}
	return e
}

// filter reads a filter. It also returns the offset of the number of its rule.
func (r *reader) filter() (f sysmon.Filter, rule int) {
	f.Group, rule = -1, -1
	for key := range r.Object(filterKeys) {
		switch key {
		case "field":
			r.fields = append(r.fields, r.Next())
			f.FieldName = r.Name()
		case "condition":
			f.Op = sysmon.Operator(r.Enum(conditions...))
		case "value":
			f.Value = r.bytes(channelfile.MaxValueLength)
		case "name":
			f.Name = r.bytes(maxRuleName)
		case "rule":
			rule = r.Next()
			f.Group = r.Integer(0, maxFilters-1)
		default:
			r.filterPlace(&f.Place, key)
		}
	}
	return f, rule
}

func (r *reader) filterRule() (g sysmon.Group) {
	for key := range r.Object(filterRuleKeys) {
		switch key {
		case "id":
			g.ID = uint32(r.Uint(1, math.MaxUint32))
		case "name":
			g.Name = r.bytes(maxRuleName)
		case "match":
			g.All = r.Enum(matches...) == 1
		default:
			r.filterPlace(&g.Place, key)
		}
	}
	return g
}

// bytes reads a text of another program, which may have any characters.
func (r *reader) bytes(most int) string {
	s := r.String()
	if len(s) > most {
		r.Failf("found a text of %d bytes; expected at most %d", len(s), most)
	}
	return s
}

func (r *reader) filterPlace(p *sysmon.Place, key string) {
	switch key {
	case "line":
		p.Line = r.Integer(1, MaxLength)
	case "column":
		p.Column = r.Integer(1, MaxLength)
	case "offset":
		p.Offset = int64(r.Uint(1, MaxInteger))
	}
}

// filterFields finds the places of the fields of all filters among the fields of their events. It
// fails if the build that runs on the hosts does not have an event or a field. If the contract does
// not name that build, the newest schema counts.
func (r *reader) filterFields(c *Contract) {
	if r.Failed() || len(r.filtered) == 0 {
		return
	}
	all := sysmon.Schemas()
	schema := all[len(all)-1]
	if version, ok := c.Sensor(Sysmon); ok {
		if build, err := sysmon.BuildNamed(version); err == nil {
			schema = build.Manifest()
		}
	}
	elements, fields := r.filtered, r.fields
	for i := range c.Supplies {
		for k := range c.Supplies[i].Filters.Elements {
			e := &c.Supplies[i].Filters.Elements[k]
			event, path := schema.Event(e.Event), fmt.Sprintf("supply[%d].filters.elements[%d]", i, k)
			if event == nil || event.Tag == "" {
				r.FailAt(elements[0], path+".event", "found event %d, which schema %v of Sysmon does not have or cannot filter", e.Event, schema.Version)
				return
			}
			for j := range e.Filters {
				f := &e.Filters[j]
				if f.Field = event.Field(f.FieldName); f.Field < 0 {
					r.FailAt(fields[j], fmt.Sprintf("%s.filters[%d].field", path, j), "found the field %s, which event %d does not have in schema %v of Sysmon%s",
						strictjson.Quote(f.FieldName), event.ID, schema.Version, strictjson.Suggest(f.FieldName, event.Fields))
				}
			}
			elements, fields = elements[1:], fields[len(e.Filters):]
		}
	}
}

func (w *writer) filters(f *Filters) {
	if len(f.Elements) == 0 {
		return
	}
	w.Key("filters")
	w.Object(func() {
		w.OptionalText("source", f.Source)
		w.Key("elements")
		w.Array(func() {
			for i := range f.Elements {
				w.element(&f.Elements[i])
			}
		})
	})
}

func (w *writer) element(e *sysmon.Element) {
	w.Object(func() {
		w.Number("event", uint64(e.Event))
		w.Text("onmatch", onmatches[index(e.Include)])
		if e.All {
			w.Text("match", matches[1])
		}
		w.filterPlace(e.Place)
		w.Key("filters")
		w.Array(func() {
			for i := range e.Filters {
				f := &e.Filters[i]
				w.InlineObject(func() {
					w.Text("field", f.FieldName)
					w.Text("condition", f.Op.String())
					w.Text("value", f.Value)
					w.OptionalText("name", f.Name)
					if f.Group >= 0 {
						w.Signed("rule", f.Group)
					}
					w.filterPlace(f.Place)
				})
			}
		})
		w.some("rules", len(e.Groups), func(i int) {
			g := &e.Groups[i]
			w.OptionalNumber("id", uint64(g.ID))
			w.OptionalText("name", g.Name)
			if g.All {
				w.Text("match", matches[1])
			}
			w.filterPlace(g.Place)
		})
	})
}

func (w *writer) filterPlace(p sysmon.Place) {
	w.OptionalSigned("line", p.Line)
	w.OptionalSigned("column", p.Column)
	w.OptionalNumber("offset", uint64(max(p.Offset, 0)))
}

func index(is bool) int {
	if is {
		return 1
	}
	return 0
}
