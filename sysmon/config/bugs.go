package config

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/sysmon"
)

// knownBugs reports the known bugs of the build that concern the configuration, and takes
// the elements that they lose out of the rules.
func (l *loader) knownBugs() {
	lost := map[sysmon.Place]bool{}
	several := false
	for i := range l.build.Bad {
		d := &l.build.Bad[i]
		switch d.Concern {
		case sysmon.EveryConfiguration:
			text := d.What
			if d.On != "" {
				text = "on " + d.On + " " + text
			}
			l.bug(d, KnownBug, WholeBuild, 0, text, "upgrade the build")
		case sysmon.SeveralElements:
			several = true
			l.severalElements(d, d.Sure)
		case sysmon.IncludeAndExclude:
			l.includeAndExclude(d, lost)
		case sysmon.CommentInGroup:
			l.inGroups(d, AfterComment, lost, func(n *Node, _ int) bool { return n.AfterComment }, "move the comment out of the RuleGroup")
		case sysmon.SeveralInGroup:
			l.inGroups(d, NotFirstInGroup, lost, func(_ *Node, before int) bool { return before > 0 }, "give the element a RuleGroup of its own")
		case sysmon.AndRelation:
			l.andRelation(d)
		case sysmon.CapitalValue:
			l.capitalValue(d)
		}
	}
	if !several && l.build.Schema.Compare(severalSince) < 0 {
		l.severalElements(&sysmon.Defect{What: "builds before 11.0 take one element of each tag and onmatch"}, false)
	}
	if len(lost) > 0 {
		l.Rules.Elements = slices.DeleteFunc(l.Rules.Elements, func(e sysmon.Element) bool { return lost[e.Place] })
	}
}

// bug reports a problem that a known bug makes.
func (l *loader) bug(d *sysmon.Defect, k Kind, r Reason, node int, text, fix string) {
	if k != Refused && r != WholeBuild {
		l.Sure = false
	}
	if l.full(k) {
		return
	}
	if d.Source != "" {
		text += " (" + d.Source + ")"
	}
	l.report(&Problem{Kind: k, Reason: r, Node: node, Place: l.config.Nodes[node].Place, Text: text, Fix: fix, Sure: d.Sure})
}

// severalElements refuses a second element of one tag and onmatch.
func (l *loader) severalElements(d *sysmon.Defect, sure bool) {
	type kind struct {
		tag     string
		include bool
	}
	first := map[kind]int{}
	c := l.config
	for i := range c.Nodes {
		n := &c.Nodes[i]
		if l.roles[i] != event {
			continue
		}
		k := kind{n.Name, l.includes(i)}
		if before, ok := first[k]; ok {
			e := sysmon.Defect{Sure: sure, Source: d.Source}
			l.bug(&e, Refused, SeveralElements, i, fmt.Sprintf("a second <%s> with the same onmatch, after the one of line %d: %s", n.Name, c.Nodes[before].Place.Line, d.What), "merge the two elements")
			continue
		}
		first[k] = i
	}
}

// includes reports whether an event element is an include.
func (l *loader) includes(i int) bool {
	if a := l.config.Attr(i, "onmatch"); a != nil {
		return word(a.Value) == "include"
	}
	a := l.config.Attr(i, "default")
	return a != nil && word(a.Value) == "exclude"
}

// includeAndExclude drops the excludes beside an include of their tag in a RuleGroup.
func (l *loader) includeAndExclude(d *sysmon.Defect, lost map[sysmon.Place]bool) {
	c := l.config
	for g := range c.Nodes {
		if l.roles[g] != group {
			continue
		}
		included := map[string]bool{}
		for i := c.Nodes[g].First; i >= 0; i = c.Nodes[i].Next {
			if l.includes(i) {
				included[c.Nodes[i].Name] = true
			}
		}
		for i := c.Nodes[g].First; i >= 0; i = c.Nodes[i].Next {
			if n := &c.Nodes[i]; included[n.Name] && !l.includes(i) {
				lost[n.Place] = true
				l.bug(d, Dropped, IncludeExclude, i, fmt.Sprintf("the exclude of <%s> stands in a RuleGroup with an include: %s", n.Name, d.What), "give the element a RuleGroup of its own")
			}
		}
	}
}

// inGroups drops elements of RuleGroups.
func (l *loader) inGroups(d *sysmon.Defect, r Reason, lost map[sysmon.Place]bool, drop func(n *Node, before int) bool, fix string) {
	c := l.config
	for g := range c.Nodes {
		if l.roles[g] != group {
			continue
		}
		before := 0
		for i := c.Nodes[g].First; i >= 0; i = c.Nodes[i].Next {
			n := &c.Nodes[i]
			// A comment in front of the first element is not between elements.
			if before > 0 && drop(n, before) {
				lost[n.Place] = true
				l.bug(d, Dropped, r, i, fmt.Sprintf("<%s>: %s", n.Name, d.What), fix)
			}
			before++
		}
	}
}

// andRelation reports elements and Rules with an "and" between two filters or more.
func (l *loader) andRelation(d *sysmon.Defect) {
	c := l.config
	for i := range c.Nodes {
		n := &c.Nodes[i]
		and := false
		switch l.roles[i] {
		case rule:
			a := c.Attr(i, "groupRelation")
			and = a != nil && !equalFold(a.Value, "or")
		case event:
			and = l.Declared.Compare(sysmon.Version{Major: 4, Minor: 10}) > 0
			if l.roles[n.Parent] == group {
				and = word(c.Attr(n.Parent, "groupRelation").Value) == "and"
			}
		}
		if and && n.First >= 0 && c.Nodes[n.First].Next >= 0 {
			l.bug(d, KnownBug, AndAsOr, i, fmt.Sprintf("<%s>: %s", n.Name, d.What), "upgrade the build")
		}
	}
}

// capitalValue reports values with capital letters.
func (l *loader) capitalValue(d *sysmon.Defect) {
	for i := range l.config.Nodes {
		n := &l.config.Nodes[i]
		if l.roles[i] == field && hasCapital(n.Text) {
			l.bug(d, KnownBug, CapitalValue, i, fmt.Sprintf("<%s>: %s", n.Name, d.What), "upgrade the build")
		}
	}
}

func hasCapital(s string) bool {
	for _, c := range []byte(s) {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}
