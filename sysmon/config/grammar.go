package config

import (
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/spelling"
	"github.com/cfcheck/cfcheck/sysmon"
)

// Schemas of builds that brought parts of the grammar. The generated grammar of a later
// build has these parts for older schemas too.
var (
	withNames    = sysmon.Version{Major: 4, Minor: 10} // Sysmon 8.0: names of rules
	withGroups   = sysmon.Version{Major: 4, Minor: 20} // Sysmon 9.0: RuleGroup
	withRules    = sysmon.Version{Major: 4, Minor: 22} // Sysmon 10.4: Rule
	severalSince = sysmon.Version{Major: 4, Minor: 30} // Sysmon 11.0: several elements of a tag
	libxml       = sysmon.Version{Major: 4, Minor: 70} // Sysmon 13.21: libxml2 in place of MSXML
)

// A grammar has the elements that a build permits in a file. It permits any order and any
// repetition.
type grammar struct {
	schema  *sysmon.Schema
	options map[string]sysmon.Argument
	events  map[string]map[string]bool // the fields of each tag
	fields  map[string]bool            // of all tags: a Rule may have every field
	names   bool                       // fields, groups and rules have names
	groups  bool                       // there is a RuleGroup
	rules   bool                       // there is a Rule
}

func grammarOf(b *sysmon.Build, s *sysmon.Schema) *grammar {
	g := &grammar{
		schema:  s,
		options: make(map[string]sysmon.Argument, len(s.Options)),
		events:  make(map[string]map[string]bool, len(s.Events)),
		fields:  make(map[string]bool, 128),
		names:   b.Schema.Compare(withNames) >= 0,
		groups:  b.Schema.Compare(withGroups) >= 0,
		rules:   b.Schema.Compare(withRules) >= 0,
	}
	for i := range s.Options {
		if name := s.Options[i].Element(); name != "" {
			g.options[name] = s.Options[i].Argument
		}
	}
	for i := range s.Events {
		e := &s.Events[i]
		if e.Tag == "" {
			continue
		}
		of := g.events[e.Tag]
		if of == nil {
			of = make(map[string]bool, 2*len(e.Fields))
			g.events[e.Tag] = of
		}
		for _, f := range e.Fields {
			of[f], g.fields[f] = true, true
		}
	}
	return g
}

// A role is the part that an element plays in a file.
type role uint8

const (
	unknown     role = iota
	root             // Sysmon
	filtering        // EventFiltering
	group            // RuleGroup
	event            // such as ProcessCreate
	rule             // Rule
	field            // such as Image
	option           // such as HashAlgorithms
	emptyOption      // an option without a value, such as CaptureClipboard
)

// holdsText reports whether an element of the role contains text, and no elements.
func (r role) holdsText() bool { return r == field || r == option || r == emptyOption }

// roleOf returns the role of an element by that of its parent. tag is the name of the event
// element around it, if any.
func (g *grammar) roleOf(parent role, name, tag string) role {
	switch parent {
	case root:
		if name == "EventFiltering" {
			return filtering
		}
		if a, ok := g.options[name]; ok {
			if a == sysmon.NoArgument {
				return emptyOption
			}
			return option
		}
	case filtering:
		if g.groups && name == "RuleGroup" {
			return group
		}
		if g.events[name] != nil {
			return event
		}
	case group:
		if g.events[name] != nil {
			return event
		}
	case event:
		if g.rules && name == "Rule" {
			return rule
		}
		if g.events[tag][name] {
			return field
		}
	case rule:
		if g.fields[name] {
			return field
		}
	}
	return unknown
}

// wordsAt returns the names that the grammar permits below an element, sorted.
func (g *grammar) wordsAt(parent role, tag string) []string {
	var list []string
	switch parent {
	case root:
		list = append(list, "EventFiltering")
		for name := range g.options {
			list = append(list, name)
		}
	case filtering, group:
		if g.groups && parent == filtering {
			list = append(list, "RuleGroup")
		}
		for name := range g.events {
			list = append(list, name)
		}
	case event:
		if g.rules {
			list = append(list, "Rule")
		}
		for name := range g.events[tag] {
			list = append(list, name)
		}
	case rule:
		for name := range g.fields {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// near returns the permitted name that an author probably meant, or "": one with few other
// letters, or one that ends with the name, as RuleGroup ends with Group.
func (g *grammar) near(parent role, name, tag string) string {
	words := g.wordsAt(parent, tag)
	if near := spelling.Within(2, name, words); near != "" {
		return near
	}
	for _, w := range words {
		if len(name) > 3 && strings.HasSuffix(w, name) {
			return w
		}
	}
	return ""
}

// grammarsAfter returns the grammars of the later schemas, for messages.
func grammarsAfter(s *sysmon.Schema) []*grammar {
	var list []*grammar
	for _, later := range sysmon.Schemas() {
		if later.Version.Compare(s.Version) > 0 {
			list = append(list, grammarOf(&sysmon.Build{Schema: later.Version}, later))
		}
	}
	return list
}
