package manual

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Schema returns a section of Markdown for a JSON Schema: its title, its description, a table of
// its keys, and a table for each object in its $defs. The headings have the given level or the one
// below it. It returns an error if data is not a schema of an object.
//
// It reads schemas of this repository only: a reference names an entry of $defs, and the schema is
// small.
func Schema(data []byte, level int) (string, error) {
	var doc yaml.Node // YAML keeps the order of the keys, and JSON is YAML
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return "", err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return "", fmt.Errorf("expected a JSON object")
	}
	s := &schema{root: doc.Content[0]}
	title := text(s.root, "title")
	if title == "" || get(s.root, "properties") == nil {
		return "", fmt.Errorf("expected a schema with a title and properties")
	}
	s.name, _, _ = strings.Cut(title[strings.LastIndex(title, " ")+1:], "/")
	var b strings.Builder
	heading := strings.Repeat("#", level)
	fmt.Fprintf(&b, "\n%s %s\n\n%s\n\n", heading, escapeHTML(title), sentence(text(s.root, "description")))
	s.table(&b, s.root)
	for name, def := range pairs(get(s.root, "$defs")) {
		if !isObject(def) {
			continue
		}
		fmt.Fprintf(&b, "\n%s# %s: %s\n\n", heading, s.name, name)
		if d := text(def, "description"); d != "" {
			fmt.Fprintf(&b, "%s\n\n", sentence(d))
		}
		s.table(&b, def)
	}
	return b.String(), nil
}

type schema struct {
	name string // of the document, such as cfcheck.report
	root *yaml.Node
}

// table writes a row for each key of an object, and for the keys of the objects in it.
func (s *schema) table(b *strings.Builder, object *yaml.Node) {
	b.WriteString("| key | value | | meaning |\n|---|---|---|---|\n")
	s.rows(b, "", object)
}

func (s *schema) rows(b *strings.Builder, prefix string, object *yaml.Node) {
	var required []string
	if list := get(object, "required"); list != nil {
		for _, n := range list.Content {
			required = append(required, n.Value)
		}
	}
	for key, value := range pairs(get(object, "properties")) {
		need := ""
		if slices.Contains(required, key) {
			need = "required"
		}
		meaning := text(value, "description")
		if def := s.def(value); meaning == "" && def != nil && !isObject(def) {
			meaning = text(def, "description")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", prefix+key, s.kind(value), need, cell(meaning))
		path := prefix + key
		for value != nil { // into the elements of lists and maps
			switch {
			case get(value, "$ref") != nil:
				value = nil
			case get(value, "items") != nil:
				value, path = get(value, "items"), path+"[]"
			case isObject(value):
				s.rows(b, path+".", value)
				value = nil
			default:
				value, path = get(value, "additionalProperties"), path+".*"
			}
		}
	}
}

// kind returns the values that a schema allows, in words.
func (s *schema) kind(n *yaml.Node) string {
	if n == nil {
		return "any"
	}
	if def := s.def(n); def != nil {
		name := refName(n)
		if isObject(def) {
			return fmt.Sprintf("[%s](#%s)", name, anchor(s.name+": "+name))
		}
		return s.kind(def)
	}
	if value := get(n, "const"); value != nil {
		return "`" + value.Value + "`"
	}
	if values := get(n, "enum"); values != nil {
		var all []string
		for _, v := range values.Content {
			all = append(all, "`"+v.Value+"`")
		}
		return strings.Join(all, ", ")
	}
	if parts := get(n, "anyOf"); parts != nil {
		var all []string
		for _, part := range parts.Content {
			all = append(all, s.kind(part))
		}
		return strings.Join(all, " or ")
	}
	switch text(n, "type") {
	case "array":
		return "list of " + s.kind(get(n, "items"))
	case "object":
		if values := get(n, "additionalProperties"); !isObject(n) && values != nil && values.Kind == yaml.MappingNode {
			return "map to " + s.kind(values)
		}
		return "object"
	case "integer", "number":
		return text(n, "type") + bounds(n)
	case "":
		return "any"
	}
	return text(n, "type")
}

// bounds returns the least and the greatest value, in words.
func bounds(n *yaml.Node) string {
	least, greatest := text(n, "minimum"), text(n, "maximum")
	switch {
	case least != "" && greatest != "":
		return fmt.Sprintf(", %s to %s", least, greatest)
	case least != "":
		return ", at least " + least
	case greatest != "":
		return ", at most " + greatest
	}
	return ""
}

// def returns the entry of $defs that a schema refers to, or nil.
func (s *schema) def(n *yaml.Node) *yaml.Node {
	if name := refName(n); name != "" {
		return get(get(s.root, "$defs"), name)
	}
	return nil
}

func refName(n *yaml.Node) string {
	name, _ := strings.CutPrefix(text(n, "$ref"), "#/$defs/")
	return name
}

func isObject(n *yaml.Node) bool { return get(n, "properties") != nil }

// get returns the value of a key, or nil.
func get(n *yaml.Node, key string) *yaml.Node {
	for k, value := range pairs(n) {
		if k == key {
			return value
		}
	}
	return nil
}

// text returns the value of a key if it is a scalar, or "".
func text(n *yaml.Node, key string) string {
	if value := get(n, key); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// pairs yields the keys and values of an object in their order. It yields nothing for another node.
func pairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// sentence returns a text with a capital letter at its start and a full stop at its end.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = capital(escapeHTML(s))
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// anchor returns the anchor that GitHub gives to a heading.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			b.WriteRune(r)
		}
	}
	return b.String()
}
