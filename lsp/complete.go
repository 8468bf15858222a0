package lsp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/fix"
	"github.com/cfcheck/cfcheck/internal/spelling"
	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/inventory"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
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

// document returns an open document and the facts of its folder. The caller holds mu. d is nil if
// the server cannot answer.
func (s *server) document(uri string) (d *held, k *knowledge) {
	d = s.docs[uri]
	if d == nil || d.tooLarge || d.name == "" || len(d.text) > maxRead {
		return nil, nil
	}
	if f := s.folderOf(d.name); f != nil {
		k = f.knowledge
	}
	return d, k
}

// A language is the kind of a document.
type language uint8

const (
	otherText language = iota
	ruleText
	policyText
	waiversText
	sysmonText
	jsonText // a fleet, or another document with a published schema
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
	case ext == ".json":
		return jsonText
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
	list.Items = append(list.Items, k.words(d, p.Position, s.encoding)...)
	for i := range list.Items {
		if item := &list.Items[i]; s.labels && item.Detail != "" {
			item.LabelDetails = &labelDetails{cmp.Or(item.short, item.Detail)}
		}
	}
	return list, nil
}

// words returns the words for a place in a document.
func (k *knowledge) words(d *held, position Position, e encoding) (items []completionItem) {
	offset := d.offset(position, e)
	language := languageOf(d.name)
	switch language {
	case sysmonText:
		return k.sysmonWords(d.text, offset)
	case jsonText:
		at := jsonDocumentAt(d.text, offset)
		items = k.jsonWords(at)
		for i := range items {
			items[i].TextEdit.Range = Range{d.position(at.start, e), d.position(at.end, e)}
		}
		return items
	}
	at := placeOf(d.document, position, e)
	start := at.start
	switch language {
	case ruleText:
		items, start = k.ruleWords(d.document, at)
	case policyText:
		items = k.schemaWords(schemas()["policy.json"], at)
	case waiversText:
		items = k.schemaWords(schemas()["waivers.json"], at)
	}
	replaced := Range{Position{position.Line, e.units(at.line[:min(start, at.column)])}, Position{position.Line, e.units(at.line[:at.column])}}
	for i := range items {
		items[i].TextEdit = &textEdit{replaced, items[i].Label}
		if items[i].SortText == "" {
			items[i].SortText = fmt.Sprintf("%05d", i)
		}
	}
	return items
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
			Label: in.Name, Kind: kindField, Detail: k.supplied(facts), short: k.suppliedShort(facts), SortText: fmt.Sprintf("%04d %s", 1000-min(rank, 1000), in.Name),
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

// schemaWords returns the words for a place in a policy or in a file of waivers.
func (k *knowledge) schemaWords(root *schema, p *place) (list []completionItem) {
	keys := p.parents
	if !p.inKey {
		keys = append(slices.Clone(keys), p.row.key)
	}
	at := root.at(keys)
	if at == nil {
		return nil
	}
	if p.inKey {
		for name, below := range at.Properties {
			list = append(list, completionItem{Label: name, Kind: kindProperty, Documentation: &markup{"markdown", at.describe(name, below.resolved())}})
		}
	}
	if !p.inKey || p.row.item {
		for _, word := range at.words() {
			list = append(list, completionItem{Label: strings.Trim(word, `"`), Kind: kindEnumMember})
		}
	}
	severities := p.inKey && slices.Equal(p.parents, []string{"severities"})
	if severities || p.row.key == "check" && !p.inKey {
		for _, c := range k.checks {
			if !severities || c.SeverityIsFirm() == "" {
				list = append(list, completionItem{Label: c.ID, Kind: kindEnumMember, Detail: c.Name, Documentation: &markup{"markdown", plain(c.Title())}})
			}
		}
	}
	if severities {
		for _, f := range validate.Families {
			if slices.ContainsFunc(list, func(c completionItem) bool { return strings.HasPrefix(c.Label, fmt.Sprintf("CF%d", f.Digit)) }) {
				list = append(list, completionItem{Label: f.Name, Kind: kindEnumMember, Detail: "all checks of this family", Documentation: &markup{"markdown", plain(f.Question)}})
			}
		}
	}
	if slices.Equal(keys, []string{"fleets"}) {
		for _, name := range builtin.Fleets() {
			list = append(list, completionItem{Label: name, Kind: kindEnumMember, Detail: "built-in example"})
		}
	}
	slices.SortStableFunc(list, func(a, b completionItem) int { return strings.Compare(a.Label, b.Label) })
	return list
}

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
	offset := d.offset(p.Position, s.encoding)
	from, to := offset, offset // of the word that is explained
	onLine := func(start, end int) {
		from, to = d.starts[p.Position.Line]+start, d.starts[p.Position.Line]+end
	}
	var parts []string
	for _, m := range checkID.FindAllStringIndex(line, -1) {
		if c := k.check(line[m[0]:m[1]]); c != nil && m[0] <= column && column <= m[1] {
			onLine(m[0], m[1])
			parts = append(parts, report.Explain(c))
		}
	}
	switch language := languageOf(d.name); {
	case len(parts) > 0 || language == otherText || p.Position.Line < 0 || p.Position.Line >= len(d.starts):
	case language == sysmonText:
		if text, start, end := k.explainSysmon(d.text, offset); text != "" {
			parts, from, to = append(parts, text), start, end
		}
	case language == jsonText:
		at := jsonDocumentAt(d.text, offset)
		if text := k.explainJSON(at); text != "" {
			parts, from, to = append(parts, text), at.start, at.end
		}
	default:
		at := placeOf(d.document, p.Position, s.encoding)
		if text := k.explain(d.document, language, at); text != "" {
			parts = append(parts, text)
			if onLine(at.row.keyStart, at.row.keyEnd); !at.inKey {
				onLine(at.row.valueStart, max(at.row.valueEnd, at.row.valueStart))
			}
		}
	}
	var shown []diagnostic
	if json.Unmarshal([]byte(s.published[d.uri]), &shown) == nil {
		const most = 2
		explained := map[string]bool{}
		for _, f := range shown {
			id, _ := f.Code.(string)
			c := k.check(id)
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
	return &hover{markup{"markdown", strings.Join(parts, "\n\n---\n\n")}, Range{d.position(from, s.encoding), d.position(to, s.encoding)}}, nil
}

// explain returns the explanation of the word at a place, or "".
func (k *knowledge) explain(d *document, language language, p *place) string {
	if language != ruleText {
		root := schemas()["policy.json"]
		if language == waiversText {
			root = schemas()["waivers.json"]
		}
		of := root.at(p.parents)
		if at := root.at(append(slices.Clone(p.parents), p.row.key)); p.row.key != "" && of != nil && at != nil {
			return of.describe(p.row.key, at)
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

// actions offers corrections for the lines of a range: those of package fix in a rule, and the
// words that findings suggest in other documents.
func (s *server) actions(p *actionParams) (any, error) {
	list := []codeAction{}
	s.mu.Lock()
	d, k := s.document(p.TextDocument.URI)
	if d != nil && languageOf(d.name) != ruleText && wants(p.Context.Only, "quickfix") {
		list = append(list, s.suggestions(d, p)...)
	}
	if d == nil || k == nil || languageOf(d.name) != ruleText || len(d.text) > sigma.MaxFileSize {
		s.mu.Unlock()
		return list, nil
	}
	text, uri, name, e := d.text, d.uri, d.name, s.encoding
	s.mu.Unlock()
	doc := newDocument(text, 0)
	var safe []textEdit
	for _, edit := range fix.File(name, []byte(text), fix.Options{Definitions: k.defs, Placeholders: k.placeholders()}) {
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

// wordCharacters are those of keys and names in a policy. Others stand in quotes.
const wordCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

// suggestions returns the words that the findings in a range suggest, each in place of the word
// that the finding is about. The caller holds mu.
func (s *server) suggestions(d *held, p *actionParams) (list []codeAction) {
	if !d.judged || d.aloneVersion != d.version {
		return nil // the findings are about another text
	}
	for _, f := range d.alone {
		shown := diagnosticOf(d.document, f, s.encoding)
		start := d.offset(shown.Range.Start, s.encoding)
		word := d.text[start:d.offset(shown.Range.End, s.encoding)]
		if quoted := unquoted(word); quoted != word {
			word, start = quoted, start+1
		} else {
			word = word[:len(word)-len(strings.TrimLeft(word, wordCharacters))]
		}
		line := shown.Range.Start.Line
		if f.Suggestion == "" || line < p.Range.Start.Line || line > p.Range.End.Line {
			continue
		}
		if spelling.Within(2, word, []string{f.Suggestion}) == "" {
			continue // the finding is about another word
		}
		at := Range{d.position(start, s.encoding), d.position(start+len(word), s.encoding)}
		list = append(list, codeAction{
			Title: "write " + f.Suggestion, Kind: "quickfix", Diagnostics: []diagnostic{shown}, IsPreferred: true,
			Edit: workspaceEdit{map[string][]textEdit{d.uri: {{at, f.Suggestion}}}},
		})
	}
	return list
}

// wants reports whether a client that asks for some kinds of actions wants one. An empty list means
// all kinds.
func wants(only []string, kind string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool { return o == kind || strings.HasPrefix(kind, o+".") })
}
