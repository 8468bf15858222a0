package config

import (
	"fmt"
	"io"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// Write writes rules as a configuration in UTF-8. Compiled for a build with the schema s, it
// gives the blob from which the rules come, if Sysmon compiled that: each element becomes a
// RuleGroup of its own.
//
// Write returns an error for rules that no configuration states: of an event without a tag, with
// a field that the event lacks, an unknown operator, a Rule in several pieces, or a character that
// XML cannot have. The error names the element and the filter. Nothing is written then.
func Write(w io.Writer, r *sysmon.Rules, s *sysmon.Schema) error {
	if r.Schema.Major == 0 || r.Schema.Minor > 99 {
		return fmt.Errorf("no configuration declares the schema version %s (want one such as 4.90)", r.Schema)
	}
	out := writer{schema: s, declared: r.Schema}
	out.line(0, `<Sysmon schemaversion="`, r.Schema.String(), `">`)
	if err := out.options(&r.Options); err != nil {
		return err
	}
	out.line(1, "<EventFiltering>")
	for i := range r.Elements {
		if err := out.element(&r.Elements[i]); err != nil {
			return fmt.Errorf("%selement %d (event %d): %w", atByte(r.Elements[i].Place), i+1, r.Elements[i].Event, err)
		}
	}
	out.line(1, "</EventFiltering>")
	out.line(0, "</Sysmon>")
	_, err := io.WriteString(w, out.String())
	return err
}

// A writer writes a configuration.
type writer struct {
	strings.Builder
	schema   *sysmon.Schema
	declared sysmon.Version
}

// line writes an indented line.
func (w *writer) line(depth int, parts ...string) {
	for range depth {
		w.WriteString("  ")
	}
	for _, p := range parts {
		w.WriteString(p)
	}
	w.WriteByte('\n')
}

// options writes the options that are set, each with a text, because the loader stops at one
// without.
func (w *writer) options(o *sysmon.Options) error {
	var sizes []string
	for _, f := range o.FieldSizes {
		sizes = append(sizes, fmt.Sprintf("%s:%d", f.Field, f.Units))
	}
	for _, option := range []struct{ name, value string }{
		{"HashAlgorithms", strings.Join(o.HashAlgorithms, ",")},
		{"CheckRevocation", switchText(o.CheckRevocation)},
		{"DnsLookup", switchText(o.DnsLookup)},
		{"ArchiveDirectory", o.ArchiveDirectory},
		{"DriverName", o.DriverName},
		{"FieldSizes", strings.Join(sizes, ",")},
		{"ProcessAccessConfig", o.ProcessAccess},
		{"PipeMonitoringConfig", o.PipeMonitoring},
		{"DriverQueueSize", o.DriverQueueSize},
		{"SigningQueueSize", o.SigningQueueSize},
	} {
		if option.value == "" {
			continue
		}
		value, err := escaped(option.value, false)
		if err != nil {
			return fmt.Errorf("option %s: %w", option.name, err)
		}
		w.line(1, "<", option.name, ">", value, "</", option.name, ">")
	}
	return nil
}

// atByte names a place in a blob, with a colon. It returns "" for a place in a text.
func atByte(p sysmon.Place) string {
	if p.Line > 0 || p.Offset == 0 {
		return ""
	}
	return fmt.Sprintf("byte 0x%X (%d): ", p.Offset, p.Offset)
}

func switchText(s sysmon.Setting) string {
	switch s {
	case sysmon.On:
		return "True"
	case sysmon.Off:
		return "False"
	}
	return ""
}

// relation returns the word for a combination of filters.
func relation(all bool) string {
	if all {
		return "and"
	}
	return "or"
}

// element writes an event element.
func (w *writer) element(e *sysmon.Element) error {
	ev := w.schema.Event(e.Event)
	if ev == nil || ev.Tag == "" {
		return fmt.Errorf("schema %s has no element for this event", w.schema.Version)
	}
	name := commonName(e)
	// Builds before 9.0 do not know RuleGroup, and combine by "or".
	grouped := e.All || name != "" || w.declared.Compare(withGroups) >= 0
	depth := 2
	if grouped {
		attr, err := attribute("name", name, name != "")
		if err != nil {
			return err
		}
		w.line(depth, "<RuleGroup", attr, ` groupRelation="`, relation(e.All), `">`)
		depth++
	}
	onmatch := "exclude"
	if e.Include {
		onmatch = "include"
	}
	w.line(depth, "<", ev.Tag, ` onmatch="`, onmatch, `">`)
	if err := w.filters(e, ev, depth+1, name); err != nil {
		return err
	}
	w.line(depth, "</", ev.Tag, ">")
	if grouped {
		w.line(2, "</RuleGroup>")
	}
	return nil
}

// commonName returns the name of all filters of an element, or "" if they have several or if
// a Rule has one.
func commonName(e *sysmon.Element) string {
	for i := range e.Groups {
		if e.Groups[i].Name != "" {
			return ""
		}
	}
	for i := range e.Filters {
		if e.Filters[i].Name != e.Filters[0].Name {
			return ""
		}
	}
	if len(e.Filters) == 0 {
		return ""
	}
	return e.Filters[0].Name
}

// filters writes the filters of an element, and its Rules.
func (w *writer) filters(e *sysmon.Element, ev *sysmon.Event, depth int, name string) error {
	open, next := -1, 0
	end := func() {
		if open >= 0 {
			w.line(depth, "</Rule>")
		}
		open = -1
	}
	for i := 0; i <= len(e.Filters); i++ {
		group := -1
		if i < len(e.Filters) {
			group = e.Filters[i].Group
		}
		if group != open {
			end()
		}
		for ; next < len(e.Groups) && e.Groups[next].First <= i; next++ {
			g := &e.Groups[next]
			if g.First < i {
				return fmt.Errorf("the Rule %d does not begin where it should, at filter %d", next+1, g.First+1)
			}
			end()
			attr, err := attribute("name", g.Name, g.Name != "")
			if err != nil {
				return fmt.Errorf("name of Rule %d: %w", next+1, err)
			}
			tag := "<Rule" + attr + ` groupRelation="` + relation(g.All) + `">`
			if group != next {
				// Without contents the loader follows a null pointer.
				w.line(depth, tag, "<!-- no field --></Rule>")
				continue
			}
			w.line(depth, tag)
			open = next
		}
		if i == len(e.Filters) {
			break
		}
		if group != open {
			return fmt.Errorf("filter %d belongs to Rule %d, which does not stand before it", i+1, group+1)
		}
		inherited, inside := name, depth
		if group >= 0 {
			inside++
			if e.Groups[group].Name != "" {
				inherited = e.Groups[group].Name
			}
		}
		if err := w.filter(&e.Filters[i], ev, inside, inherited); err != nil {
			return fmt.Errorf("%sfilter %d: %w", atByte(e.Filters[i].Place), i+1, err)
		}
	}
	if next < len(e.Groups) {
		return fmt.Errorf("the Rule %d begins at filter %d of %d", next+1, e.Groups[next].First+1, len(e.Filters))
	}
	return nil
}

// filter writes a field element.
func (w *writer) filter(f *sysmon.Filter, ev *sysmon.Event, depth int, inherited string) error {
	if f.Field < 0 || f.Field >= len(ev.Fields) {
		return fmt.Errorf("%s has no field %d (want 0 to %d)", ev.Tag, f.Field, len(ev.Fields)-1)
	}
	if !f.Op.Known() {
		return fmt.Errorf("unknown %s", f.Op)
	}
	name, err := attribute("name", f.Name, f.Name != inherited)
	if err != nil {
		return err
	}
	value, err := escaped(f.Value, false)
	if err != nil {
		return err
	}
	field := ev.Fields[f.Field]
	w.line(depth, "<", field, name, ` condition="`, f.Op.String(), `">`, value, "</", field, ">")
	return nil
}

// attribute returns an attribute with a space in front, or "" if it is not wanted.
func attribute(name, value string, wanted bool) (string, error) {
	if !wanted {
		return "", nil
	}
	text, err := escaped(value, true)
	return " " + name + `="` + text + `"`, err
}

// escaped returns a text as XML. In an attribute it also refers to white space that a reader
// would turn into spaces.
func escaped(s string, attribute bool) (string, error) {
	var b strings.Builder
	for i, c := range s {
		switch {
		case !permitted(c) || c == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD"):
			return "", fmt.Errorf("the text %q has a character at byte %d that XML cannot have", cut(s), i)
		case c == '&':
			b.WriteString("&amp;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '"' && attribute:
			b.WriteString("&quot;")
		case c == '\r' || attribute && (c == '\n' || c == '\t'):
			fmt.Fprintf(&b, "&#%d;", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String(), nil
}
