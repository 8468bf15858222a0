package lsp

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/supply"
)

// newestSysmon returns the schema of the newest build of Sysmon for Windows.
func newestSysmon() *sysmon.Schema {
	for _, b := range slices.Backward(sysmon.Builds()) {
		if b.Platform == sysmon.Windows {
			return b.Manifest()
		}
	}
	panic("lsp: package sysmon has no build for Windows")
}

// sysmonSince returns the first version of Sysmon for Windows whose schema satisfies a condition,
// such as "since Sysmon 13.30". It returns "" if no version does.
func sysmonSince(has func(*sysmon.Schema) bool) string {
	oldest := true
	for _, b := range sysmon.Builds() {
		if b.Platform != sysmon.Windows {
			continue
		}
		if has(b.Manifest()) {
			switch {
			case oldest:
				return "since Sysmon " + b.Name + " or before"
			case !b.Sure:
				return "since Sysmon " + b.Name + ", which is not certain"
			}
			return "since Sysmon " + b.Name
		}
		oldest = false
	}
	return ""
}

// tagged returns the events of an element, whose name counts without regard to case.
func tagged(s *sysmon.Schema, tag string) []*sysmon.Event {
	for _, known := range s.Tags() {
		if strings.EqualFold(known, tag) {
			return s.Tagged(known)
		}
	}
	return nil
}

// fieldsOf returns the fields of events, each once.
func fieldsOf(events []*sysmon.Event) (fields []string) {
	for _, e := range events {
		for _, f := range e.Fields {
			if !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// idsOf returns the IDs of events for a list, such as "event 1" or "events 12, 13 and 14".
func idsOf(events []*sysmon.Event) string {
	var ids []string
	for _, e := range events {
		ids = append(ids, fmt.Sprint(e.ID))
	}
	if len(ids) == 1 {
		return "event " + ids[0]
	}
	return "events " + strings.Join(ids[:len(ids)-1], ", ") + " and " + ids[len(ids)-1]
}

// An xmlTag is a tag in a text of XML, or a comment. A comment has no name.
type xmlTag struct {
	start, end         int
	nameStart, nameEnd int
	closing, empty     bool // it ends an element; the element has no content
}

// nextTag returns the first whole tag or comment that starts at an offset or behind it.
func nextTag(text string, from int) (t xmlTag, ok bool) {
next:
	for from < len(text) {
		start := strings.IndexByte(text[from:], '<')
		if start < 0 {
			break
		}
		t = xmlTag{start: from + start}
		if rest := text[t.start:]; strings.HasPrefix(rest, "<!--") {
			end := strings.Index(rest[4:], "-->")
			t.end = t.start + 4 + end + 3
			return t, end >= 0
		}
		at := t.start + 1
		if t.closing = strings.HasPrefix(text[at:], "/"); t.closing {
			at++
		}
		t.nameStart = at
		for at < len(text) && strings.IndexByte(" \t\r\n\"'<>/", text[at]) < 0 {
			at++
		}
		if t.nameEnd = at; t.nameEnd == t.nameStart {
			from = t.start + 1
			continue
		}
		for ; at < len(text); at++ {
			switch c := text[at]; c {
			case '"', '\'':
				end := strings.IndexByte(text[at+1:], c)
				if end < 0 {
					from = at + 1
					continue next
				}
				at += end + 1
			case '<':
				from = at
				continue next
			case '>':
				t.end, t.empty = at+1, text[at-1] == '/'
				return t, true
			}
		}
		break
	}
	return xmlTag{}, false
}

// maxOpen limits the elements that enclose a place.
const maxOpen = 64

// An xmlPlace is the place of a cursor in a text of XML.
type xmlPlace struct {
	open []string // elements around the cursor, the outermost first
	// Offsets of the whole tag under the cursor, and of its name; tagEnd is 0 without one.
	nameStart, nameEnd, tagEnd int
}

// xmlPlaceOf returns the place of an offset.
func xmlPlaceOf(text string, offset int) (p xmlPlace) {
	for t, ok := nextTag(text, 0); ok && t.start < offset; t, ok = nextTag(text, t.end) {
		name := text[t.nameStart:t.nameEnd]
		switch {
		case t.end > offset:
			if name != "" {
				p.nameStart, p.nameEnd, p.tagEnd = t.nameStart, t.nameEnd, t.end
			}
		case name == "" || t.empty:
		case t.closing:
			for i := len(p.open) - 1; i >= 0; i-- {
				if strings.EqualFold(p.open[i], name) {
					p.open = p.open[:i]
					break
				}
			}
		case len(p.open) < maxOpen:
			p.open = append(p.open, name)
		}
	}
	return p
}

// events returns the events of the element around the cursor, nil outside of one.
func (p *xmlPlace) events(s *sysmon.Schema) []*sysmon.Event {
	for _, name := range p.open {
		if events := tagged(s, name); events != nil {
			return events
		}
	}
	return nil
}

// last returns the innermost element around the cursor.
func (p *xmlPlace) last() string {
	if len(p.open) == 0 {
		return ""
	}
	return p.open[len(p.open)-1]
}

// sysmonWords returns the words for a place in a configuration of Sysmon: elements of events, their
// fields, and the values of condition, onmatch and groupRelation.
func (k *knowledge) sysmonWords(text string, offset int) (list []completionItem) {
	before := text[:offset]
	newest := newestSysmon()
	at := xmlPlaceOf(before, len(before))
	tail := before[strings.LastIndexAny(before, "<>")+1:]
	inTag := strings.LastIndexByte(before, '<') > strings.LastIndexByte(before, '>')
	add := func(text, detail, documentation string) {
		item := completionItem{Label: text, Kind: kindEnumMember, Detail: detail, SortText: fmt.Sprintf("%05d", len(list))}
		if documentation != "" {
			item.Documentation = &markup{"markdown", documentation}
		}
		list = append(list, item)
	}
	name := attributeAt(tail)
	inName := inTag && name == "" && !strings.ContainsAny(tail, " \t\n\"'")
	events := at.events(newest)
	switch {
	case inTag && name == "condition":
		for _, op := range newest.Operators {
			add(op.String(), op.Meaning(), describeOperator(op))
		}
	case inTag && name == "onmatch":
		for _, word := range onmatchWords {
			add(word.word, word.meaning, "")
		}
	case inTag && name == "grouprelation":
		for _, word := range relationWords {
			add(word.word, word.meaning, "")
		}
	case inName && events != nil:
		for _, f := range fieldsOf(events) {
			add(f, k.fieldDetail(events, f), k.describeField(events, f))
		}
		if strings.EqualFold(at.last(), events[0].Tag) {
			add("Rule", "filters that count as one", "")
		}
	case inName && (strings.EqualFold(at.last(), "EventFiltering") || strings.EqualFold(at.last(), "RuleGroup")):
		for _, tag := range newest.Tags() {
			events := newest.Tagged(tag)
			add(tag, idsOf(events)+", "+tagSince(tag), k.describeEvents(events))
		}
		if !strings.EqualFold(at.last(), "RuleGroup") {
			add("RuleGroup", "elements under one name", "")
		}
	case inName && strings.EqualFold(at.last(), "Sysmon"):
		for i := range newest.Options {
			if o := &newest.Options[i]; o.Element() != "" {
				add(o.Element(), optionDetail(o), "")
			}
		}
		add("EventFiltering", "the events to record", "")
	}
	return list
}

// A meaning is a word of a configuration with its meaning.
type meaning struct{ word, meaning string }

var (
	onmatchWords  = []meaning{{"include", "record the events that match"}, {"exclude", "drop the events that match"}}
	relationWords = []meaning{{"or", "one filter must match"}, {"and", "all filters must match"}}
)

// optionDetail returns a line on an option.
func optionDetail(o *sysmon.Option) string {
	since := sysmonSince(func(s *sysmon.Schema) bool {
		return slices.ContainsFunc(s.Options, func(known sysmon.Option) bool { return known.Element() == o.Element() })
	})
	return "option with " + map[sysmon.Argument]string{sysmon.NoArgument: "no value", sysmon.OptionalArgument: "an optional value", sysmon.RequiredArgument: "a value"}[o.Argument] + ", " + since
}

// attributeAt returns the name of the attribute in whose value a text ends, in lower case, or "".
func attributeAt(tail string) string {
	m := attribute.FindStringSubmatch(tail)
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1])
}

var attribute = regexp.MustCompile(`([A-Za-z]+)\s*=\s*(?:"[^"]*|'[^']*)$`)

// explainSysmon explains the word at an offset: an event, a field, a condition, onmatch, or an
// option. start and end are the offsets of the word. It returns "" for other words.
func (k *knowledge) explainSysmon(text string, offset int) (explained string, start, end int) {
	p := xmlPlaceOf(text, offset)
	if p.tagEnd == 0 || offset < p.nameStart {
		return "", 0, 0
	}
	newest := newestSysmon()
	if offset > p.nameEnd {
		name := attributeAt(text[p.nameEnd:offset])
		if name == "" {
			return "", 0, 0
		}
		start = p.nameEnd + strings.LastIndexAny(text[p.nameEnd:offset], `"'`) + 1
		end = start + strings.IndexByte(text[start:p.tagEnd]+text[start-1:start], text[start-1])
		word := text[start:end]
		words := map[string][]meaning{"onmatch": onmatchWords, "grouprelation": relationWords}[name]
		if i := slices.IndexFunc(words, func(m meaning) bool { return strings.EqualFold(m.word, word) }); i >= 0 {
			return "**" + words[i].word + "**: " + words[i].meaning, start, end
		}
		if op, ok := sysmon.OperatorNamed(word); ok && name == "condition" {
			return describeOperator(op), start, end
		}
		return "", 0, 0
	}
	start, end = p.nameStart, p.nameEnd
	word := text[start:end]
	if events := p.events(newest); events != nil {
		for _, field := range fieldsOf(events) {
			if strings.EqualFold(field, word) {
				return k.describeField(events, field), start, end
			}
		}
	}
	if events := tagged(newest, word); events != nil {
		return k.describeEvents(events), start, end
	}
	for i := range newest.Options {
		if o := &newest.Options[i]; strings.EqualFold(o.Element(), word) {
			return "**" + o.Element() + "**: " + optionDetail(o), start, end
		}
	}
	return "", 0, 0
}

func tagSince(tag string) string {
	return sysmonSince(func(s *sysmon.Schema) bool { return s.Tagged(tag) != nil })
}

// describeOperator explains a condition in Markdown.
func describeOperator(op sysmon.Operator) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s\n\n", op, op.Meaning())
	if op.List() {
		b.WriteString("Semicolons divide the items of the list.\n\n")
	}
	b.WriteString(sysmonSince(func(s *sysmon.Schema) bool { return s.HasOperator(op) }) + "\n\n")
	return b.String()
}

// A fedType is a type that events of Sysmon feed.
type fedType struct {
	*typeFacts
	feed *sensor.Feed
}

// fedBy returns the types that events of Sysmon feed. A feed of few events comes first.
func (k *knowledge) fedBy(events []*sysmon.Event) (list []fedType) {
	for _, t := range k.sortedTypes() {
		for i := range t.Feeds {
			f := &t.Feeds[i]
			if f.Provider == supply.Provider && slices.ContainsFunc(events, func(e *sysmon.Event) bool { return slices.Contains(f.Events, e.ID) }) {
				list = append(list, fedType{t, f})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b fedType) int { return len(a.feed.Events) - len(b.feed.Events) })
	return list
}

// describeEvents explains the events of an element in Markdown: the first version of Sysmon that
// has them, and the types of rules that they feed.
func (k *knowledge) describeEvents(events []*sysmon.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s of Sysmon, %s\n\n", events[0].Tag, idsOf(events), tagSince(events[0].Tag))
	for _, e := range events {
		logged := "not recorded"
		if e.LoggedByDefault {
			logged = "recorded"
		}
		fmt.Fprintf(&b, "- event %d%s: %s without an element in the configuration\n", e.ID, map[bool]string{true: ", " + e.Name}[e.Name != ""], logged)
	}
	b.WriteString("\n")
	var rows []string
	for _, t := range k.fedBy(events) {
		share := ""
		if k.hosts > 0 {
			share = k.share(t.hosts)
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", plain(t.Name), plain(t.feed.Name), share))
	}
	table(&b, "| type of rules | feed | hosts that record the type |\n|---|---|---:|", rows)
	return b.String()
}

// inputsOf returns the inputs that have a field of events, as places in their types.
func (k *knowledge) inputsOf(events []*sysmon.Event, field string) (types []fedType, inputs []int) {
	for _, t := range k.fedBy(events) {
		for i := range t.feed.Fields {
			f := &t.feed.Fields[i]
			if cmp.Or(f.Field, f.Input) != field {
				continue
			}
			if index, ok := t.Input(f.Input); ok {
				types, inputs = append(types, t), append(inputs, index)
			}
		}
	}
	return types, inputs
}

// fieldDetail returns a line on a field of events, such as "80 % of hosts, since Sysmon 13.30".
func (k *knowledge) fieldDetail(events []*sysmon.Event, field string) string {
	since := fieldSince(events, field)
	types, inputs := k.inputsOf(events, field)
	if len(types) == 0 || k.hosts == 0 {
		return since
	}
	in := types[0].typeFacts.inputs[types[0].Inputs[inputs[0]].Name]
	return k.hostsOf(in) + ", " + since
}

func fieldSince(events []*sysmon.Event, field string) string {
	return sysmonSince(func(s *sysmon.Schema) bool { return slices.Contains(fieldsOf(s.Tagged(events[0].Tag)), field) })
}

// describeField explains a field of events in Markdown: since which version Sysmon has it, and the
// input that it becomes with the hosts that supply it.
func (k *knowledge) describeField(events []*sysmon.Event, field string) string {
	var have []*sysmon.Event
	for _, e := range events {
		if e.Field(field) >= 0 {
			have = append(have, e)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: field of %s of Sysmon, %s\n\n", field, idsOf(have), fieldSince(events, field))
	types, inputs := k.inputsOf(events, field)
	var rows []string
	for i, t := range types {
		name := t.Inputs[inputs[i]].Name
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", plain(t.Name), plain(name), k.supplied(t.typeFacts.inputs[name])))
	}
	table(&b, "| type of rules | input | supplied |\n|---|---|---|", rows)
	if len(types) > 0 {
		b.WriteString("---\n\n" + k.describeInput(types[0].typeFacts, inputs[0]))
	}
	return b.String()
}
