package lsp

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A jsonValue is a value in a text of JSON, or a key whose value is not there yet.
type jsonValue struct {
	parent int    // index of the object or list that has it; -1 for the value of the text
	key    string // "" for an item of a list
	kind   byte   // '{', '[', '"', 'a' for a number or a word, 0 for a key without a value
	text   string // of a string, a number or a word
	open   bool   // a list or an object that is not closed: it ends with the text
	// Offsets with quotes: the key, and the value.
	keyStart, keyEnd int
	start, end       int
}

// Limits of the values that the server reads of a text of JSON. No document that it knows nests as
// deep, and a text that does would take time in proportion to its depth for each bracket.
const (
	maxValuesRead  = 1 << 19
	maxJSONNesting = 64
)

// jsonValues returns the values of a text in the order of their starts. While a person types, a
// text is seldom JSON, so any text has values: a string ends with its line at the latest, and
// commas do not matter.
func jsonValues(text string) (values []jsonValue) {
	var open []int // lists and objects that are not closed
	key := -1      // the key that waits for its value
	inside := func() int {
		if len(open) == 0 {
			return -1
		}
		return open[len(open)-1]
	}
	add := func(kind byte, start, end int, word string) {
		if key >= 0 {
			v := &values[key]
			v.kind, v.start, v.end, v.text = kind, start, end, word
		} else {
			key = len(values)
			values = append(values, jsonValue{parent: inside(), kind: kind, start: start, end: end, text: word})
		}
		if kind == '{' || kind == '[' {
			values[key].open = true
			open = append(open, key)
		}
		key = -1
	}
	colon := false // the text before is a key with its colon
	for i := 0; i < len(text) && len(values) < maxValuesRead && len(open) < maxJSONNesting; {
		switch c := text[i]; {
		case c == '{' || c == '[':
			if !colon {
				key = -1
			}
			add(c, i, len(text), "")
			colon = false
			i++
		case c == '}' || c == ']':
			key, colon = -1, false
			i++
			for n := len(open) - 1; n >= 0; n-- {
				if v := &values[open[n]]; (v.kind == '{') == (c == '}') {
					for _, of := range open[n:] {
						values[of].end, values[of].open = i, false
					}
					open = open[:n]
					break
				}
			}
		case c == ',':
			key, colon = -1, false
			i++
		case c == ':':
			colon = key >= 0
			i++
		case c == '"':
			end := stringEnd(text, i)
			word := unescaped(text[i:end])
			in := inside()
			if in >= 0 && values[in].kind == '{' && (!colon || colonAt(text, end)) {
				// Behind a colon it is the next key, if the value of the last one is missing.
				colon = false
				values = append(values, jsonValue{parent: in, key: word, keyStart: i, keyEnd: end, start: end, end: end})
				key = len(values) - 1
			} else {
				add('"', i, end, word)
				colon = false
			}
			i = end
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		default:
			end := i + 1
			for end < len(text) && strings.IndexByte(" \t\r\n,:{}[]\"", text[end]) < 0 {
				end++
			}
			if !colon {
				key = -1
			}
			add('a', i, end, text[i:end])
			colon = false
			i = end
		}
	}
	return values
}

// colonAt reports whether a colon follows an offset.
func colonAt(text string, offset int) bool {
	for ; offset < len(text); offset++ {
		if strings.IndexByte(" \t\r\n", text[offset]) < 0 {
			return text[offset] == ':'
		}
	}
	return false
}

// stringEnd returns the end of the string that starts at an offset: behind its quote, or the end of
// the line.
func stringEnd(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i+1 < len(text) && text[i+1] != '\n' && text[i+1] != '\r' {
				i++
			}
		case '"':
			return i + 1
		case '\n', '\r':
			return i
		}
	}
	return len(text)
}

// unescaped returns the text of a string with quotes, the last of which may be missing.
func unescaped(s string) string {
	if text, err := jsontext.AppendUnquote(nil, s); err == nil {
		return string(text)
	}
	return strings.Trim(s, `"`)
}

// A jsonPlace is the place of a cursor in a text of JSON.
type jsonPlace struct {
	values []jsonValue
	in     int  // index of the object or list around the cursor, -1 without one
	at     int  // index of the key or value under the cursor, -1 without one
	inKey  bool // the cursor is in a key, or where a key can stand
	colon  bool // a colon follows the key
	// Offsets of the key or value under the cursor. Without one both are the cursor.
	start, end int
}

// jsonPlaceOf returns the place of an offset.
func jsonPlaceOf(text string, offset int) *jsonPlace {
	p := &jsonPlace{values: jsonValues(text), in: -1, at: -1, start: offset, end: offset}
	last := -1 // the last value that starts before the offset
	for i := range p.values {
		v := &p.values[i]
		switch {
		case v.keyEnd > 0 && v.keyStart < offset && offset <= v.keyEnd:
			p.at, p.inKey, p.start, p.end = i, true, v.keyStart, v.keyEnd
			p.colon = colonAt(text, v.keyEnd)
		case (v.kind == '"' || v.kind == 'a') && v.start <= offset && offset <= v.end:
			p.at, p.start, p.end = i, v.start, v.end
		}
		if (v.kind == '{' || v.kind == '[') && v.start < offset && (offset < v.end || v.open) {
			p.in = i
		}
		if v.keyEnd > 0 && v.keyEnd <= offset && v.kind == 0 {
			last = i
		}
	}
	if p.at >= 0 {
		p.in = p.values[p.at].parent
		return p
	}
	if last >= 0 && p.values[last].parent == p.in && strings.Trim(text[p.values[last].keyEnd:offset], " \t\r\n") == ":" {
		p.at = last // the value of this key is missing
		return p
	}
	p.inKey = p.in >= 0 && p.values[p.in].kind == '{'
	return p
}

// above returns the keys that enclose a value, the outermost first, without its own key. Lists have
// no key of their own.
func (p *jsonPlace) above(i int) (keys []string) {
	for i >= 0 {
		if i = p.values[i].parent; i >= 0 && p.values[i].key != "" {
			keys = append(keys, p.values[i].key)
		}
	}
	slices.Reverse(keys)
	return keys
}

// inside returns the keys that enclose the cursor.
func (p *jsonPlace) inside() []string {
	if p.in < 0 {
		return nil
	}
	keys := p.above(p.in)
	if key := p.values[p.in].key; key != "" {
		keys = append(keys, key)
	}
	return keys
}

// enclosing returns the innermost object around the cursor that is depth keys deep, -1 without one.
func (p *jsonPlace) enclosing(depth int) int {
	for i := p.in; i >= 0; i = p.values[i].parent {
		keys := len(p.above(i))
		if p.values[i].key != "" {
			keys++
		}
		if p.values[i].kind == '{' && keys == depth {
			return i
		}
	}
	return -1
}

// members returns the indices of the members of an object, or the items of a list.
func (p *jsonPlace) members(of int) (list []int) {
	for i := of + 1; i < len(p.values) && (of < 0 || p.values[i].open || p.values[i].start <= p.values[of].end); i++ {
		if p.values[i].parent == of {
			list = append(list, i)
		}
	}
	return list
}

// member returns the text of a member of an object, "" without one.
func (p *jsonPlace) member(of int, key string) string {
	for _, i := range p.members(of) {
		if p.values[i].key == key {
			return p.values[i].text
		}
	}
	return ""
}

// textsBelow returns the texts of a member of each object in a list that an object has, such as the
// names of the sources of a build. The object or the list at the cursor does not count.
func (p *jsonPlace) textsBelow(of int, list, key string) (texts []string) {
	if of < 0 {
		return nil
	}
	for _, i := range p.members(of) {
		if p.values[i].key != list {
			continue
		}
		for _, item := range p.members(i) {
			for _, m := range p.members(item) {
				if v := &p.values[m]; v.key == key && m != p.at && v.text != "" {
					texts = append(texts, v.text)
				}
			}
		}
	}
	return texts
}
