package lsp

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// A row is a key, or an item of a list, on a line of YAML. While a person types, a file is seldom
// YAML, so rows come from the indentation of the lines alone.
type row struct {
	line   int // from 0
	indent int // in bytes; inside braces, more than that of the key before
	item   bool
	dash   int    // indent of the dash of an item
	key    string // without quotes; "" means an item without a key
	// Offsets in the line: the key, and the value up to the end of the line or of its part.
	keyStart, keyEnd     int
	valueStart, valueEnd int
	document             int // number of the document, from 0
}

// maxRows limits the rows of a document.
const maxRows = 1 << 18

// rowsOf returns the rows of a document.
func rowsOf(d *document) (rows []row) {
	number, block := 0, -1 // the text of a block scalar is indented more than block
	for n := range d.starts {
		line := d.line(n)
		start := 0
		if n == 0 {
			start = len(line) - len(strings.TrimPrefix(line, byteOrderMark))
		}
		text := line[start:]
		if text == "---" || strings.HasPrefix(text, "--- ") {
			number, block = number+1, -1
			continue
		}
		indent := len(text) - len(strings.TrimLeft(text, " "))
		text = text[indent:]
		if text == "" || text[0] == '#' {
			continue
		}
		if block >= 0 && indent > block {
			continue
		}
		block = -1
		if len(rows) >= maxRows {
			return rows
		}
		at, level, item := start+indent, indent, false
		for strings.HasPrefix(text, "- ") || text == "-" {
			item = true
			skip := 1
			for skip < len(text) && text[skip] == ' ' {
				skip++
			}
			at, level, text = at+skip, level+skip, text[skip:]
		}
		r := row{line: n, indent: level, item: item, dash: indent, document: number, keyStart: at, keyEnd: at, valueStart: at, valueEnd: at + len(text)}
		if size := keySize(text); size > 0 {
			r.keyEnd = at + size
			r.key = unquoted(strings.TrimSpace(text[:size]))
			rest := text[size:]
			rest = rest[strings.IndexByte(rest, ':')+1:]
			r.valueStart = at + len(text) - len(strings.TrimLeft(rest, " "))
			value := line[r.valueStart:]
			if strings.HasPrefix(value, "|") || strings.HasPrefix(value, ">") {
				block = level
				if item {
					block = indent
				}
			}
			rows = append(rows, r)
			if strings.HasPrefix(value, "{") {
				rows = append(rows, braced(line, r)...)
			}
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// keySize returns the length of a key at the start of a text, or 0 if there is no key.
func keySize(text string) int {
	if text == "" || strings.IndexByte("{[&*!|>%@`", text[0]) >= 0 {
		return 0
	}
	if q := text[0]; q == '"' || q == '\'' {
		end := strings.IndexByte(text[1:], q)
		if end < 0 {
			return 0
		}
		rest := strings.TrimLeft(text[end+2:], " ")
		if rest == ":" || strings.HasPrefix(rest, ": ") {
			return end + 2
		}
		return 0
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == ':' && (i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\t'):
			return i
		case text[i] == '#' && i > 0 && text[i-1] == ' ':
			return 0
		}
	}
	return 0
}

func unquoted(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// braced returns the keys in braces on the line of a row.
func braced(line string, of row) (rows []row) {
	depth, quote, key := 0, byte(0), -1
	closeValue := func(end int) {
		for i := len(rows) - 1; i >= 0; i-- {
			if rows[i].valueEnd < 0 && rows[i].indent == of.indent+depth {
				rows[i].valueEnd = end
				return
			}
		}
	}
	for i := of.valueStart; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
			if key == -2 {
				key = i
			}
		case c == '{' || c == '[':
			depth++
			key = -2
			if depth > 32 {
				return rows
			}
		case c == '}' || c == ']':
			closeValue(i)
			if depth--; depth == 0 {
				return rows
			}
			key = -1
		case c == ',':
			closeValue(i)
			key = -2
		case c == ':' && key >= 0 && (i+1 == len(line) || line[i+1] == ' '):
			value := i + 1
			for value < len(line) && line[value] == ' ' {
				value++
			}
			rows = append(rows, row{
				line: of.line, indent: of.indent + depth, document: of.document, key: unquoted(strings.TrimSpace(line[key:i])),
				keyStart: key, keyEnd: key + len(strings.TrimSpace(line[key:i])), valueStart: value, valueEnd: -1,
			})
			key = -1
		case key == -2 && c != ' ':
			key = i
		}
	}
	for i := range rows {
		if rows[i].valueEnd < 0 {
			rows[i].valueEnd = len(line)
		}
	}
	return rows
}

// above returns the keys that enclose row i, the outermost first, without its own key.
func above(rows []row, i int) (keys []string) {
	most, equal := rows[i].limit()
	for k := i - 1; k >= 0 && rows[k].document == rows[i].document; k-- {
		r := &rows[k]
		if r.key != "" && (r.indent < most || equal && r.indent == most && !r.item) {
			keys = append(keys, r.key)
			most, equal = r.limit()
		}
	}
	slices.Reverse(keys)
	return keys
}

// limit returns the largest indent of the key that encloses a row. equal is false if it must be
// smaller. The items of a list may stand below the first character of their key.
func (r *row) limit() (most int, equal bool) {
	if r.item {
		return r.dash, true
	}
	return r.indent, false
}

// symbols returns the outline of a document.
func (s *server) symbols(p *positionParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[p.TextDocument.URI]
	list := []*documentSymbol{}
	if d == nil || d.tooLarge || len(d.text) > maxRead {
		return list, nil
	}
	switch strings.ToLower(filepath.Ext(d.name)) {
	case ".yml", ".yaml":
		if strings.HasPrefix(filepath.Base(d.name), ".cfcheck") {
			list = keySymbols(d.document, s.encoding)
		} else if s.wanted(d.name, d.text) {
			list = ruleSymbols(d.document, s.encoding)
		}
	case ".json":
		list = fleetSymbols(d.document, s.encoding)
	case ".xml":
		list = sysmonSymbols(d.document, s.encoding)
	}
	if s.flat {
		return flatten(list, d.uri), nil
	}
	return list, nil
}

// flatten returns symbols in the form for clients that know no hierarchy.
func flatten(list []*documentSymbol, uri string) []any {
	flat := []any{}
	var add func(list []*documentSymbol, container string, depth int)
	add = func(list []*documentSymbol, container string, depth int) {
		for _, s := range list {
			flat = append(flat, map[string]any{
				"name": s.Name, "kind": s.Kind, "containerName": container,
				"location": map[string]any{"uri": uri, "range": s.Range},
			})
			if depth < 3 { // no outline is deeper
				add(s.Children, s.Name, depth+1)
			}
		}
	}
	add(list, "", 0)
	return flat
}

// symbolAt returns a symbol for a row. It ends where the next one begins; see end.
func symbolAt(d *document, r *row, name, detail string, kind int, e encoding) *documentSymbol {
	line := d.line(r.line)
	at := Range{Position{r.line, e.units(line[:r.keyStart])}, Position{r.line, e.units(line[:r.keyEnd])}}
	if name == "" {
		name = "(no name)" // the protocol does not allow an empty name
	}
	return &documentSymbol{Name: name, Detail: detail, Kind: kind, Range: Range{at.Start, Position{r.line, e.units(line)}}, SelectionRange: at}
}

// extend makes each symbol end on the line before the next one, or on the last line.
func extend(d *document, list []*documentSymbol, last int, e encoding) {
	for i, s := range list {
		end := last
		if i+1 < len(list) {
			end = max(list[i+1].Range.Start.Line-1, s.Range.End.Line)
		}
		s.Range.End = Position{end, e.units(d.line(end))}
		extend(d, s.Children, end, e)
	}
}

func keySymbols(d *document, e encoding) []*documentSymbol {
	list := []*documentSymbol{}
	rows := rowsOf(d)
	for i := range rows {
		r := &rows[i]
		if r.key == "" {
			continue
		}
		symbol := symbolAt(d, r, r.key, value(d, r), symbolProperty, e)
		if r.indent == 0 || len(list) == 0 {
			list = append(list, symbol)
		} else if parent := list[len(list)-1]; len(above(rows, i)) == 1 && !r.item {
			parent.Children = append(parent.Children, symbol)
		}
	}
	extend(d, list, len(d.starts)-1, e)
	return list
}

// value returns the value of a row on its line, without quotes.
func value(d *document, r *row) string {
	line := d.line(r.line)
	text := strings.TrimSpace(line[min(r.valueStart, len(line)):min(max(r.valueEnd, r.valueStart), len(line))])
	if i := strings.Index(text, " #"); i >= 0 && !strings.HasPrefix(text, "'") && !strings.HasPrefix(text, `"`) {
		text = strings.TrimSpace(text[:i])
	}
	return unquoted(text)
}

func ruleSymbols(d *document, e encoding) []*documentSymbol {
	list := []*documentSymbol{}
	rows := rowsOf(d)
	var rule *documentSymbol
	for i := range rows {
		r := &rows[i]
		if r.key == "" {
			continue
		}
		if i == 0 || r.document != rows[i-1].document || rule == nil {
			rule = symbolAt(d, r, "rule", "", symbolClass, e)
			list = append(list, rule)
		}
		parents := above(rows, i)
		switch {
		case len(parents) == 0 && r.key == "title":
			rule.Name = value(d, r)
			if rule.Name == "" {
				rule.Name = "rule"
			}
		case len(parents) == 0 && r.key == "level":
			rule.Detail = value(d, r)
		case len(parents) == 0 && (r.key == "logsource" || r.key == "correlation" || r.key == "filter"):
			rule.Children = append(rule.Children, symbolAt(d, r, r.key, value(d, r), symbolEvent, e))
		case len(parents) == 1 && parents[0] == "detection" && r.key == "condition":
			rule.Children = append(rule.Children, symbolAt(d, r, r.key, value(d, r), symbolOperator, e))
		case len(parents) == 1 && parents[0] == "detection":
			rule.Children = append(rule.Children, symbolAt(d, r, r.key, "", symbolField, e))
		}
	}
	extend(d, list, len(d.starts)-1, e)
	return list
}

// maxSymbols limits the symbols of a document that is not YAML.
const maxSymbols = 10_000

// fleetSymbols returns the builds of a fleet.
func fleetSymbols(d *document, e encoding) []*documentSymbol {
	list := []*documentSymbol{}
	in := json.NewDecoder(strings.NewReader(d.text))
	depth, key, name := 0, "", false
	for len(list) < maxSymbols {
		token, err := in.Token()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			name = t == '{' || depth == 3
		case string:
			if depth == 3 && !name && key == "build" {
				end := int(in.InputOffset())
				start := max(strings.LastIndexByte(d.text[:max(end-1, 0)], '"'), 0)
				at := Range{d.position(start, e), d.position(end, e)}
				if t == "" {
					t = "(no name)"
				}
				list = append(list, &documentSymbol{Name: t, Kind: symbolClass, Range: at, SelectionRange: at})
			}
			if name {
				key = t
			}
			name = !name
		default:
			name = true
		}
	}
	return list
}

// sysmonSymbols returns the event elements of a configuration of Sysmon, by their groups.
func sysmonSymbols(d *document, e encoding) []*documentSymbol {
	list := []*documentSymbol{}
	in := xml.NewDecoder(bytes.NewReader([]byte(d.text)))
	in.Strict = false
	in.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var group *documentSymbol
	depth := 0
	for n := 0; n < maxSymbols; {
		before := int(in.InputOffset())
		token, err := in.Token()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			attribute := func(name string) string {
				for _, a := range t.Attr {
					if strings.EqualFold(a.Name.Local, name) {
						return a.Value
					}
				}
				return ""
			}
			at := Range{d.position(before, e), d.position(int(in.InputOffset()), e)}
			switch onmatch := attribute("onmatch"); {
			case strings.EqualFold(t.Name.Local, "RuleGroup"):
				n++
				group = &documentSymbol{Name: strings.TrimSpace("RuleGroup " + attribute("name")), Kind: symbolClass, Range: at, SelectionRange: at}
				list = append(list, group)
			case onmatch != "":
				n++
				symbol := &documentSymbol{Name: t.Name.Local, Detail: onmatch, Kind: symbolEvent, Range: at, SelectionRange: at}
				if group != nil {
					group.Children = append(group.Children, symbol)
				} else {
					list = append(list, symbol)
				}
			}
		case xml.EndElement:
			depth--
			if strings.EqualFold(t.Name.Local, "RuleGroup") && group != nil {
				group.Range.End = d.position(int(in.InputOffset()), e)
				group = nil
			}
		}
	}
	return list
}
