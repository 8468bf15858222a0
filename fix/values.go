package fix

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/yamltext"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate/meaning"
)

// paths adds the edits for the values of a path.
func (f *finder) paths(it *sigma.Item, input string) {
	if !meaning.IsPath(input) || slices.ContainsFunc(it.Modifiers, func(m sigma.Text) bool { return m.Value == "re" }) {
		return
	}
	for _, v := range it.Values {
		start := f.src.Index(yamltext.Position(v.Position))
		if start < len(f.src.Data) && f.src.Data[start] == '"' {
			f.pathQuotes(it, v, start)
			continue
		}
		offset, ok := f.src.Written(start, v.Value)
		if !ok {
			continue
		}
		for i := 0; i+1 < len(v.Value); i++ {
			if v.Value[i] != '\\' || !strings.ContainsRune(`*?\`, rune(v.Value[i+1])) {
				continue
			}
			if v.Value[i+1] == '*' {
				f.add(it.Position, offset+i, 0, `\`, `write \\* for a backslash and a wildcard`, EscapedStar, "CF4009", false)
			}
			i++ // the escaped character
		}
	}
}

// pathQuotes adds the edit for a path in double quotes on one line, in which YAML reads a
// backslash and a letter as a control character.
func (f *finder) pathQuotes(it *sigma.Item, v sigma.Value, start int) {
	if !strings.ContainsAny(v.Value, "\t\n\r\a\b\v\f\x1b\x00") {
		return
	}
	raw, ok := doubleQuoted(f.src.Data[start:])
	if !ok || strings.Contains(raw, `\\`) || strings.Contains(raw, `\"`) {
		return // an author who writes escapes knows of them
	}
	f.add(it.Position, start, len(raw)+2, "'"+strings.ReplaceAll(raw, "'", "''")+"'", "put the path in single quotes", PathQuotes, "CF4008", false)
}

// doubleQuoted returns the text between the double quotes with which data begins, as it is
// written. ok is false if it does not end on the line.
func doubleQuoted(data []byte) (raw string, ok bool) {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '\n', '\r':
			return "", false
		case '"':
			return string(data[1:i]), true
		}
	}
	return "", false
}

// document adds the edits for the lists and the quotes of a rule.
func (f *finder) document(doc *yaml.Node) {
	f.list(valueOf(doc, "tags"), DuplicateTag)
	detection := valueOf(doc, "detection")
	if detection == nil || detection.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(detection.Content); i += 2 {
		if key := detection.Content[i].Value; key == "condition" || key == "timeframe" {
			continue
		}
		search := detection.Content[i+1]
		maps := []*yaml.Node{search}
		if search.Kind == yaml.SequenceNode {
			maps = search.Content
			f.list(search, DuplicateValue) // of keywords
		}
		for _, m := range maps {
			f.search(m)
		}
	}
}

// search adds the edits for a map of fields and values, or for a keyword.
func (f *finder) search(m *yaml.Node) {
	if m.Kind != yaml.MappingNode {
		f.quotes(m)
		return
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		_, modifiers, _ := strings.Cut(m.Content[i].Value, "|")
		words := strings.Split(modifiers, "|")
		value := m.Content[i+1]
		if !slices.Contains(words, "all") { // with all a list needs two values
			f.list(value, DuplicateValue)
		}
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains([]string{"exists", "lt", "lte", "gt", "gte"}, w) }) {
			continue
		}
		values := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			values = value.Content
		}
		for _, v := range values {
			f.quotes(v)
		}
	}
}

// valueOf returns the value of a key of a map, or nil.
func valueOf(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// list adds the edits that remove the repeated scalars of a list.
func (f *finder) list(n *yaml.Node, kind Kind) {
	if n == nil || n.Kind != yaml.SequenceNode {
		return
	}
	seen := map[string]bool{}
	for i, v := range n.Content {
		if v.Kind != yaml.ScalarNode || v.Anchor != "" || yamltext.IsNull(v) || v.Style&yaml.TaggedStyle != 0 {
			continue
		}
		if !seen[v.Value] {
			seen[v.Value] = true
			continue
		}
		if start, end, ok := f.entry(n, i); ok {
			at := sigma.Position(f.src.Place(v))
			f.add(at, start, end-start, "", "remove the repeated "+map[Kind]string{DuplicateTag: "tag", DuplicateValue: "value"}[kind], kind, "", true)
		}
	}
}

// entry returns the bytes of an entry of a list, which is not the first: a line with a dash, or a
// comma and a value between brackets. ok is false if other text would be lost, such as a comment.
func (f *finder) entry(list *yaml.Node, i int) (start, end int, ok bool) {
	data := f.src.Data
	v := list.Content[i]
	at := f.src.Offset(v.Line, v.Column)
	end, ok = f.scalar(v, at)
	if !ok {
		return 0, 0, false
	}
	if list.Style&yaml.FlowStyle != 0 {
		start = at
		for start > 0 && (data[start-1] == ' ' || data[start-1] == '\n' || data[start-1] == '\r') {
			start--
		}
		if start == 0 || data[start-1] != ',' {
			return 0, 0, false
		}
		return start - 1, end, true
	}
	line := at
	for line > 0 && data[line-1] != '\n' && data[line-1] != '\r' {
		line--
	}
	if strings.TrimSpace(string(data[line:at])) != "-" {
		return 0, 0, false
	}
	for end < len(data) && data[end] == ' ' {
		end++
	}
	switch {
	case end == len(data):
		// The line break before the last line goes with it.
		return max(line-1, 0), end, line > 0 && data[line-1] == '\n' && (line < 2 || data[line-2] != '\r')
	case data[end] == '\r' && end+1 < len(data) && data[end+1] == '\n':
		end += 2
	case data[end] == '\n':
		end++
	default:
		return 0, 0, false // a comment
	}
	return line, end, true
}

// scalar returns the end of a scalar on one line that begins at an offset. ok is false if the
// file does not contain its text as it is.
func (f *finder) scalar(v *yaml.Node, at int) (end int, ok bool) {
	if v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return 0, false
	}
	data := f.src.Data
	if at < len(data) && data[at] == '\'' {
		quoted := "'" + strings.ReplaceAll(v.Value, "'", "''") + "'"
		return at + len(quoted), strings.HasPrefix(string(data[at:min(at+len(quoted), len(data))]), quoted)
	}
	text, ok := f.src.Written(at, v.Value)
	if end = text + len(v.Value); !ok {
		return 0, false
	}
	if text == at {
		return end, true
	}
	return end + 1, end < len(data) && data[end] == data[at]
}

// ambiguous is a plain text that a reader of YAML 1.1 takes for a boolean, a number in another
// notation, or a date. Decimal integers, true and false are not ambiguous: authors mean them.
var ambiguous = regexp.MustCompile(`(?i)^(yes|no|on|off|[-+]?0x[0-9a-f_]+|[-+]?0[0-7_]+|0b[01_]+|[-+]?[0-9]+(:[0-5]?[0-9])+|[-+]?[0-9][0-9_]*\.[0-9_]*(e[-+]?[0-9]+)?|[-+]?[0-9]+e[-+]?[0-9]+|[-+]?\.(inf|nan)|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)$`)

// quotes adds the edit that puts an ambiguous value in single quotes.
func (f *finder) quotes(v *yaml.Node) {
	if v.Kind != yaml.ScalarNode || v.Style != 0 || v.Anchor != "" || !ambiguous.MatchString(v.Value) {
		return
	}
	at := f.src.Offset(v.Line, v.Column)
	if offset, ok := f.src.Written(at, v.Value); ok && offset == at {
		f.add(sigma.Position(f.src.Place(v)), at, len(v.Value), "'"+v.Value+"'", "put the value in single quotes", Quotes, "", true)
	}
}
