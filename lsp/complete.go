package lsp

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/fix"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/inventory"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/sysmon"
)

// A place is the position of a cursor in a document with keys.
type place struct {
	line    string // text of the line
	column  int    // of the cursor, in bytes
	rows    []row
	row     *row
	parents []string // keys that enclose the row
	inKey   bool     // the cursor is in the key of the row, or where a key can stand
	start   int      // offset in the line of the key or the value
}

// prefix returns the text before the cursor that belongs to the key or the value.
func (p *place) prefix() string { return p.line[min(p.start, p.column):p.column] }

// placeOf returns the place of a position.
func placeOf(d *document, at Position, e encoding) *place {
	p := &place{line: d.line(at.Line), rows: rowsOf(d)}
	p.column = e.offset(p.line, max(at.Character, 0))
	i, found := slices.BinarySearchFunc(p.rows, at.Line, func(r row, line int) int { return r.line - line })
	if !found {
		indent := len(p.line[:p.column]) - len(strings.TrimLeft(p.line[:p.column], " "))
		document := 0
		if i > 0 {
			document = p.rows[i-1].document
		}
		p.rows = slices.Insert(p.rows[:i:i], i, row{line: at.Line, indent: indent, document: document, keyStart: indent, keyEnd: p.column, valueStart: indent, valueEnd: len(p.line)})
	}
	for i+1 < len(p.rows) && p.rows[i+1].line == at.Line && p.rows[i+1].keyStart <= p.column {
		i++
	}
	p.row, p.parents = &p.rows[i], above(p.rows, i)
	p.inKey = p.row.key == "" || p.column <= p.row.keyEnd
	if p.start = p.row.keyStart; !p.inKey {
		p.start = p.row.valueStart
	}
	return p
}

// maxRead is the size in bytes of the largest document in which the server looks at the place of a
// cursor. Files of rules, policies and published configurations of Sysmon are smaller.
const maxRead = 4 << 20

// document returns an open document and the facts of the session. The caller holds mu. d is nil if
// the server cannot answer.
func (s *server) document(uri string) (d *held, k *knowledge) {
	d = s.docs[uri]
	if d == nil || d.tooLarge || d.name == "" || len(d.text) > maxRead {
		return nil, nil
	}
	return d, s.knowledge
}

// A language is the kind of a document.
type language uint8

const (
	otherText language = iota
	ruleText
	policyText
	waiversText
	sysmonText
)

func languageOf(name string) language {
	base := filepath.Base(name)
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case base == policy.FileName:
		return policyText
	case strings.HasPrefix(base, ".cfcheck-") && (ext == ".yaml" || ext == ".yml"):
		return waiversText
	case ext == ".yaml" || ext == ".yml":
		return ruleText
	case ext == ".xml":
		return sysmonText
	}
	return otherText
}

// complete offers words for the place of the cursor.
func (s *server) complete(p *positionParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := &completionList{Items: []completionItem{}}
	d, k := s.document(p.TextDocument.URI)
	if d == nil || k == nil {
		return list, nil
	}
	language := languageOf(d.name)
	if language == sysmonText {
		list.Items = append(list.Items, sysmonWords(d.document, p.Position, s.encoding)...)
		return list, nil
	}
	at := placeOf(d.document, p.Position, s.encoding)
	start := at.start
	var items []completionItem
	switch language {
	case ruleText:
		items, start = k.ruleWords(d.document, at)
	case policyText:
		items = k.schemaWords("schema/policy.json", at)
	case waiversText:
		items = k.schemaWords("schema/waivers.json", at)
	}
	replaced := Range{Position{p.Position.Line, s.encoding.units(at.line[:min(start, at.column)])}, Position{p.Position.Line, s.encoding.units(at.line[:at.column])}}
	for i := range items {
		items[i].TextEdit = &textEdit{replaced, items[i].Label}
		if items[i].SortText == "" {
			items[i].SortText = fmt.Sprintf("%05d", i)
		}
	}
	list.Items = append(list.Items, items...)
	return list, nil
}

// items returns words as completions.
func items(kind int, words []sigma.Word) (list []completionItem) {
	for _, w := range words {
		list = append(list, completionItem{Label: w.Text, Kind: kind, Detail: w.Note})
	}
	return list
}

// logsourceAt returns the logsource of the document of a row.
func logsourceAt(d *document, rows []row, document int) (l sensor.Logsource) {
	for i := range rows {
		if rows[i].document != document {
			continue
		}
		if parents := above(rows, i); len(parents) == 1 && parents[0] == "logsource" {
			switch text := value(d, &rows[i]); rows[i].key {
			case "category":
				l.Category = text
			case "product":
				l.Product = text
			case "service":
				l.Service = text
			}
		}
	}
	return l
}

// ruleWords returns the words for a place in a rule, and the offset in the line where the word
// begins.
func (k *knowledge) ruleWords(d *document, p *place) (list []completionItem, start int) {
	start = p.start
	first := ""
	if len(p.parents) > 0 {
		first = p.parents[0]
	}
	switch depth := len(p.parents); {
	case depth == 0 && p.inKey && !p.row.item:
		return items(kindProperty, sigma.Keys()), start
	case depth == 0 && p.row.key == "status":
		return items(kindEnumMember, sigma.Statuses()), start
	case depth == 0 && p.row.key == "level":
		return items(kindEnumMember, sigma.Levels()), start
	case first == "tags":
		return items(kindValue, sigma.Tags()), start
	case first == "logsource" && p.inKey:
		return items(kindProperty, []sigma.Word{{Text: "category"}, {Text: "product"}, {Text: "service"}, {Text: "definition"}}), start
	case first == "logsource":
		return k.logsourceWords(p.row.key, logsourceAt(d, p.rows, p.row.document)), start
	case first != "detection":
		return nil, start
	case depth == 1 && p.inKey:
		return items(kindProperty, []sigma.Word{{Text: "condition"}, {Text: "selection"}, {Text: "filter_main_"}, {Text: "filter_optional_"}}), start
	case depth == 1 && p.row.key == "condition":
		prefix := p.prefix()
		start = p.start + strings.LastIndexAny(prefix, " (") + 1
		return conditionWords(p), start
	}
	t := k.typeOf(logsourceAt(d, p.rows, p.row.document))
	if p.inKey && len(p.parents) == 2 {
		if i := strings.LastIndexByte(p.prefix(), '|'); i >= 0 {
			return items(kindKeyword, sigma.Modifiers()), start + i + 1
		}
		return k.fieldWords(t), start
	}
	field := p.row.key
	if p.inKey {
		field = p.parents[len(p.parents)-1]
	}
	field, modifiers, _ := strings.Cut(field, "|")
	if t == nil {
		return nil, start
	}
	if strings.Contains(modifiers, "exists") {
		return items(kindEnumMember, []sigma.Word{{Text: "true"}, {Text: "false"}}), start
	}
	if strings.Contains(modifiers, "fieldref") {
		return k.fieldWords(t), start
	}
	if i, ok := t.InputFold(field); ok {
		return k.valuesOf(t, i), start
	}
	return nil, start
}

// fieldWords returns the fields of a type, those of most hosts first.
func (k *knowledge) fieldWords(t *typeFacts) (list []completionItem) {
	if t == nil {
		return nil
	}
	for i := range t.Inputs {
		in := &t.Inputs[i]
		facts := t.inputs[in.Name]
		rank := uint64(0)
		if k.hosts > 0 {
			rank = uint64(float64(facts.hosts[inventory.OnAll]) / float64(k.hosts) * 1000)
		}
		list = append(list, completionItem{
			Label: in.Name, Kind: kindField, Detail: k.supplied(facts), SortText: fmt.Sprintf("%04d %s", 1000-min(rank, 1000), in.Name),
			Documentation: &markup{"markdown", k.describeInput(t, i)},
		})
	}
	return list
}

// logsourceWords returns the values of a key of a logsource that fit its other keys.
func (k *knowledge) logsourceWords(key string, l sensor.Logsource) (list []completionItem) {
	types := map[string][]string{}
	hosts := map[string]uint64{}
	for _, t := range k.types {
		for _, known := range t.Logsources {
			var text string
			switch key {
			case "category":
				text, known.Category, l.Category = known.Category, "", ""
			case "product":
				text, known.Product, l.Product = known.Product, "", ""
			case "service":
				text, known.Service, l.Service = known.Service, "", ""
			}
			fits := func(a, b string) bool { return a == "" || b == "" || a == b }
			if text != "" && fits(known.Category, l.Category) && fits(known.Product, l.Product) && fits(known.Service, l.Service) {
				types[text] = append(types[text], t.Name)
				hosts[text] = max(hosts[text], t.hosts)
			}
		}
	}
	for text, names := range types {
		slices.Sort(names)
		names = slices.Compact(names)
		detail := fmt.Sprintf("%d types", len(names))
		if len(names) == 1 {
			detail = "type " + names[0]
			if k.hosts > 0 {
				detail += ", " + k.share(hosts[text]) + " of hosts"
			}
		}
		list = append(list, completionItem{Label: text, Kind: kindEnumMember, Detail: detail})
	}
	slices.SortFunc(list, func(a, b completionItem) int { return strings.Compare(a.Label, b.Label) })
	return list
}

// conditionWords returns the searches of a rule and the words of a condition.
func conditionWords(p *place) (list []completionItem) {
	for i := range p.rows {
		r := &p.rows[i]
		if r.document != p.row.document || r.key == "" || r.key == "condition" || r.key == "timeframe" {
			continue
		}
		if parents := above(p.rows, i); len(parents) == 1 && parents[0] == "detection" {
			list = append(list, completionItem{Label: r.key, Kind: kindField, Detail: "search"})
			if head, _, ok := strings.Cut(r.key, "_"); ok {
				list = append(list, completionItem{Label: head + "_*", Kind: kindField, Detail: "searches, after 1 of or all of"})
			}
		}
	}
	slices.SortFunc(list, func(a, b completionItem) int { return strings.Compare(a.Label, b.Label) })
	list = slices.CompactFunc(list, func(a, b completionItem) bool { return a.Label == b.Label })
	for _, w := range []string{"and", "or", "not", "1 of", "all of", "them"} {
		list = append(list, completionItem{Label: w, Kind: kindKeyword})
	}
	return list
}

// A schema is the part of a JSON Schema that the server reads.
type schema struct {
	Ref         string             `json:"$ref"`
	Description string             `json:"description"`
	Const       any                `json:"const"`
	Enum        []any              `json:"enum"`
	Properties  map[string]*schema `json:"properties"`
	Additional  json.RawMessage    `json:"additionalProperties"`
	Items       *schema            `json:"items"`
	Defs        map[string]*schema `json:"$defs"`
}

// schemaAt returns the schema of a value below keys, or nil.
func schemaAt(file string, keys []string) *schema {
	data, err := policy.Schemas.ReadFile(file)
	root := &schema{}
	if err != nil || json.Unmarshal(data, root) != nil {
		return nil
	}
	resolve := func(at *schema) *schema {
		if at != nil && at.Ref != "" {
			if to := root.Defs[strings.TrimPrefix(at.Ref, "#/$defs/")]; to != nil {
				merged := *to
				if at.Description != "" {
					merged.Description = at.Description
				}
				return &merged
			}
		}
		return at
	}
	at := root
	for _, key := range keys {
		if at.Items != nil {
			at = resolve(at.Items)
		}
		below := at.Properties[key]
		if below == nil {
			below = &schema{}
			if json.Unmarshal(at.Additional, below) != nil {
				return nil
			}
		}
		at = resolve(below)
	}
	if at.Items != nil {
		items := *resolve(at.Items)
		if items.Description == "" {
			items.Description = at.Description
		}
		at = &items
	}
	return at
}

// schemaWords returns the words for a place in a policy or in a file of waivers.
func (k *knowledge) schemaWords(file string, p *place) (list []completionItem) {
	at := schemaAt(file, p.parents)
	if !p.inKey {
		at = schemaAt(file, append(slices.Clone(p.parents), p.row.key))
	}
	if at == nil {
		return nil
	}
	if p.inKey {
		for name, below := range at.Properties {
			list = append(list, completionItem{Label: name, Kind: kindProperty, Documentation: &markup{"markdown", plain(below.Description)}})
		}
	}
	values := at.Enum
	if at.Const != nil {
		values = append(values, at.Const)
	}
	for _, v := range values {
		if text, ok := v.(string); ok {
			list = append(list, completionItem{Label: text, Kind: kindEnumMember})
		}
	}
	if p.row.key == "check" && !p.inKey || p.inKey && slices.Equal(p.parents, []string{"severities"}) {
		for _, c := range k.session.Checks() {
			if p.row.key == "check" || c.SeverityIsFirm() == "" {
				list = append(list, completionItem{Label: c.ID, Kind: kindEnumMember, Detail: c.Name, Documentation: &markup{"markdown", plain(c.Title())}})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b completionItem) int { return strings.Compare(a.Label, b.Label) })
	return list
}

// openTag finds the beginning of a tag, or its end, in XML.
var openTag = regexp.MustCompile(`(?s)<!--.*?-->|<(/?)([A-Za-z][\w.-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*?)(/?)>`)

// sysmonWords returns the words for a place in a configuration of Sysmon: elements of events, their
// fields, and the values of condition and onmatch.
func sysmonWords(d *document, at Position, e encoding) (list []completionItem) {
	before := d.text[:d.offset(at, e)]
	var open []string
	for _, m := range openTag.FindAllStringSubmatch(before, -1) {
		switch {
		case m[2] == "" || m[4] != "":
		case m[1] != "":
			for i := len(open) - 1; i >= 0; i-- {
				if strings.EqualFold(open[i], m[2]) {
					open = open[:i]
					break
				}
			}
		case len(open) < 64:
			open = append(open, m[2])
		}
	}
	builds := sysmon.Builds()
	var newest *sysmon.Build
	for _, b := range builds {
		if b.Platform == sysmon.Windows {
			newest = b
		}
	}
	if newest == nil {
		return nil
	}
	manifest := newest.Manifest()
	tail := before[strings.LastIndexAny(before, "<>")+1:]
	inTag := strings.LastIndexByte(before, '<') > strings.LastIndexByte(before, '>')
	add := func(text, detail string) {
		list = append(list, completionItem{Label: text, Kind: kindEnumMember, Detail: detail, SortText: fmt.Sprintf("%05d", len(list))})
	}
	last := ""
	if len(open) > 0 {
		last = open[len(open)-1]
	}
	var event *sysmon.Event
	for i := range manifest.Events {
		for _, tag := range open {
			if manifest.Events[i].Tag != "" && strings.EqualFold(manifest.Events[i].Tag, tag) && event == nil {
				event = &manifest.Events[i]
			}
		}
	}
	switch name := attributeAt(tail); {
	case inTag && name == "condition":
		for _, op := range manifest.Operators {
			add(op.String(), "")
		}
	case inTag && name == "onmatch":
		add("include", "record the events that match")
		add("exclude", "drop the events that match")
	case inTag && name == "" && !strings.ContainsAny(tail, " \t\n\"'") && event != nil:
		for _, f := range event.Fields {
			add(f, fmt.Sprintf("field of event %d", event.ID))
		}
		add("Rule", "filters that count as one")
	case inTag && name == "" && !strings.ContainsAny(tail, " \t\n\"'") && (strings.EqualFold(last, "EventFiltering") || strings.EqualFold(last, "RuleGroup")):
		for i := range manifest.Events {
			if ev := &manifest.Events[i]; ev.Tag != "" && !slices.ContainsFunc(list, func(c completionItem) bool { return c.Label == ev.Tag }) {
				add(ev.Tag, fmt.Sprintf("event %d%s", ev.ID, sinceOf(ev.Tag, builds)))
			}
		}
		if !strings.EqualFold(last, "RuleGroup") {
			add("RuleGroup", "")
		}
	}
	return list
}

// sinceOf returns the first version of Sysmon for Windows that has an event, for a list.
func sinceOf(tag string, builds []*sysmon.Build) string {
	for _, b := range builds {
		if b.Platform != sysmon.Windows {
			continue
		}
		for _, e := range b.Manifest().Events {
			if e.Tag == tag {
				return ", since Sysmon " + b.Name
			}
		}
	}
	return ""
}

// attributeAt returns the name of the attribute in whose value a text ends, or "".
func attributeAt(tail string) string {
	m := attribute.FindStringSubmatch(tail)
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1])
}

var attribute = regexp.MustCompile(`([A-Za-z]+)\s*=\s*["'][^"']*$`)

// checkID finds IDs of checks in a line.
var checkID = regexp.MustCompile(`\bCF[0-9]{4}\b`)

// hover explains the word at a position, and the checks of the findings there.
func (s *server) hover(p *positionParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, k := s.document(p.TextDocument.URI)
	if d == nil || k == nil {
		return nil, nil
	}
	line := d.line(p.Position.Line)
	column := s.encoding.offset(line, max(p.Position.Character, 0))
	start, end := column, column
	var parts []string
	for _, m := range checkID.FindAllStringIndex(line, -1) {
		if c := k.check(line[m[0]:m[1]]); c != nil && m[0] <= column && column <= m[1] {
			start, end = m[0], m[1]
			parts = append(parts, report.Explain(c))
		}
	}
	if language := languageOf(d.name); len(parts) == 0 && language != sysmonText && language != otherText {
		at := placeOf(d.document, p.Position, s.encoding)
		if text := k.explain(d.document, language, at); text != "" {
			parts = append(parts, text)
			if start, end = at.row.keyStart, at.row.keyEnd; !at.inKey {
				start, end = at.row.valueStart, max(at.row.valueEnd, at.row.valueStart)
			}
		}
	}
	var shown []diagnostic
	if json.Unmarshal([]byte(s.published[d.uri]), &shown) == nil {
		const most = 2
		explained := map[string]bool{}
		for _, f := range shown {
			c := k.check(f.Code)
			if c == nil || explained[c.ID] || len(explained) == most || f.Range.Start.Line != p.Position.Line ||
				p.Position.Character < f.Range.Start.Character || p.Position.Character > f.Range.End.Character {
				continue
			}
			explained[c.ID] = true
			parts = append(parts, report.Explain(c)+"\n[the page of the check]("+report.Page(c)+")")
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return &hover{markup{"markdown", strings.Join(parts, "\n\n---\n\n")}, Range{
		Position{p.Position.Line, s.encoding.units(line[:min(start, len(line))])}, Position{p.Position.Line, s.encoding.units(line[:min(end, len(line))])}}}, nil
}

// explain returns the explanation of the word at a place, or "".
func (k *knowledge) explain(d *document, language language, p *place) string {
	if language != ruleText {
		file := "schema/policy.json"
		if language == waiversText {
			file = "schema/waivers.json"
		}
		if at := schemaAt(file, append(slices.Clone(p.parents), p.row.key)); p.row.key != "" && at != nil && at.Description != "" {
			return "**" + plain(p.row.key) + "**: " + plain(at.Description)
		}
		return ""
	}
	switch {
	case len(p.parents) == 0 && p.row.key == "logsource", len(p.parents) == 1 && p.parents[0] == "logsource":
		return k.describeType(logsourceAt(d, p.rows, p.row.document))
	case len(p.parents) < 2 || p.parents[0] != "detection" || p.row.key == "" || !p.inKey:
		return ""
	}
	field, _, _ := strings.Cut(p.row.key, "|")
	if offset := p.column - p.row.keyStart; offset > len(field) {
		// The cursor is on a modifier.
		rest := p.row.key[min(offset, len(p.row.key)):]
		end := len(p.row.key) - len(rest) + len(strings.SplitN(rest, "|", 2)[0])
		name := p.row.key[strings.LastIndexByte(p.row.key[:end], '|')+1 : end]
		for _, w := range sigma.Modifiers() {
			if strings.EqualFold(w.Text, name) {
				return "**" + w.Text + "**: " + plain(w.Note)
			}
		}
		return ""
	}
	if t := k.typeOf(logsourceAt(d, p.rows, p.row.document)); t != nil {
		if i, ok := t.InputFold(field); ok {
			return k.describeInput(t, i)
		}
	}
	return ""
}

type actionParams struct {
	TextDocument documentID `json:"textDocument"`
	Range        Range      `json:"range"`
	Context      struct {
		Diagnostics []diagnostic `json:"diagnostics"`
		Only        []string     `json:"only"`
	} `json:"context"`
}

// fixAll is the kind of the action that makes all safe corrections of a file.
const fixAll = "source.fixAll.cfcheck"

// actions offers the corrections of package fix for the lines of a range.
func (s *server) actions(p *actionParams) (any, error) {
	list := []codeAction{}
	s.mu.Lock()
	d, k := s.document(p.TextDocument.URI)
	if d == nil || k == nil || languageOf(d.name) != ruleText || len(d.text) > sigma.MaxFileSize {
		s.mu.Unlock()
		return list, nil
	}
	text, uri, name, e := d.text, d.uri, d.name, s.encoding
	s.mu.Unlock()
	doc := newDocument(text, 0)
	var safe []textEdit
	for _, edit := range fix.File(name, []byte(text), fix.Options{Definitions: k.defs, Placeholders: k.session.Placeholders()}) {
		change := textEdit{Range{doc.position(edit.Offset, e), doc.position(edit.Offset+edit.Length, e)}, edit.New}
		if edit.Safe {
			safe = append(safe, change)
		}
		at := doc.at(edit.Line, edit.Column, e)
		inRange := func(line int) bool { return p.Range.Start.Line <= line && line <= p.Range.End.Line }
		if !inRange(at.Line) && !inRange(change.Range.Start.Line) || !wants(p.Context.Only, "quickfix") {
			continue
		}
		action := codeAction{Title: edit.Title, Kind: "quickfix", IsPreferred: edit.Safe, Edit: workspaceEdit{map[string][]textEdit{uri: {change}}}}
		for _, f := range p.Context.Diagnostics {
			if f.Range.Start.Line == at.Line && f.Code == edit.Check {
				action.Diagnostics = append(action.Diagnostics, f)
			}
		}
		list = append(list, action)
	}
	if len(safe) > 0 && len(p.Context.Only) > 0 && wants(p.Context.Only, fixAll) {
		list = append(list, codeAction{Title: "make all safe corrections", Kind: fixAll, Edit: workspaceEdit{map[string][]textEdit{uri: safe}}})
	}
	return list, nil
}

// wants reports whether a client that asks for some kinds of actions wants one. An empty list means
// all kinds.
func wants(only []string, kind string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool { return o == kind || strings.HasPrefix(kind, o+".") })
}
