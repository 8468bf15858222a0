package lsp

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/sensor"
)

// A schema is the part of a JSON Schema that the server reads. The published schemas of policies,
// fleets and other documents drive completion and hover.
type schema struct {
	Ref         string             `json:"$ref"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Const       any                `json:"const"`
	Enum        []any              `json:"enum"`
	Type        any                `json:"type"` // a name, or a list of names
	Default     any                `json:"default"`
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	Required    []string           `json:"required"`
	Properties  map[string]*schema `json:"properties"`
	Additional  *schema            `json:"additionalProperties"`
	Items       *schema            `json:"items"`
	Defs        map[string]*schema `json:"$defs"`
	If          *schema            `json:"if"`
	Then        *schema            `json:"then"`

	file  string // that has the schema, to resolve references
	never bool   // the schema false, which no value has
}

// UnmarshalJSON reads an object, or one of the schemas true and false.
func (s *schema) UnmarshalJSON(data []byte) error {
	if text := string(data); text == "true" || text == "false" {
		*s = schema{never: text == "false"}
		return nil
	}
	type plain schema
	return json.Unmarshal(data, (*plain)(s))
}

// schemas are the published schemas by the names of their files. The names differ.
var schemas = sync.OnceValue(func() map[string]*schema {
	all := map[string]*schema{}
	for _, published := range []embed.FS{policy.Schemas, sensor.Schemas} {
		names, err := fs.Glob(published, "schema/*.json")
		if err != nil {
			panic("lsp: " + err.Error())
		}
		for _, name := range names {
			data, err := published.ReadFile(name)
			root := &schema{}
			if err == nil {
				err = json.Unmarshal(data, root)
			}
			if err != nil {
				panic("lsp: " + name + ": " + err.Error()) // a test reads all of them
			}
			root.mark(path.Base(name))
			all[path.Base(name)] = root
		}
	}
	return all
})

// mark notes the file of a schema and of all schemas in it.
func (s *schema) mark(file string) {
	if s == nil {
		return
	}
	s.file = file
	s.Additional.mark(file)
	s.Items.mark(file)
	s.If.mark(file)
	s.Then.mark(file)
	for _, below := range s.Properties {
		below.mark(file)
	}
	for _, below := range s.Defs {
		below.mark(file)
	}
}

// resolved follows the references of a schema. The description beside a reference counts more than
// that of its target.
func (s *schema) resolved() *schema {
	for range 8 { // references of references
		if s == nil || s.Ref == "" {
			break
		}
		file, name, _ := strings.Cut(s.Ref, "#/$defs/")
		root := schemas()[cmp.Or(file, s.file)]
		if root == nil || root.Defs[name] == nil {
			return nil
		}
		to := *root.Defs[name]
		to.Description = cmp.Or(s.Description, to.Description)
		s = &to
	}
	return s
}

// item returns the schema of the items if s is that of a list, and else s. An item without a
// description has that of the list.
func (s *schema) item() *schema {
	for s = s.resolved(); s != nil && s.Items != nil; {
		items := s.Items.resolved()
		if items == nil {
			return nil
		}
		of := *items
		of.Description = cmp.Or(of.Description, s.Description)
		s = &of
	}
	return s
}

// at returns the schema of a value below keys, or nil. Lists on the way have no key.
func (s *schema) at(keys []string) *schema {
	s = s.item()
	for _, key := range keys {
		if s == nil {
			return nil
		}
		below := s.Properties[key]
		if below == nil {
			below = s.Additional
		}
		if below == nil || below.never {
			return nil
		}
		s = below.item()
	}
	return s
}

// schemaNamed returns the schema of the documents that state a name, such as cfcheck.fleet/v1, or
// nil.
func schemaNamed(name string) *schema {
	for _, root := range schemas() {
		if slices.Contains(root.names(), name) {
			return root
		}
	}
	return nil
}

// names returns the names of the documents of a schema.
func (s *schema) names() (names []string) {
	if of := s.at([]string{"schema"}); of != nil {
		for _, word := range of.words() {
			names = append(names, strings.Trim(word, `"`))
		}
	}
	return names
}

// words returns the values that a schema lists, as JSON.
func (s *schema) words() (words []string) {
	values := s.Enum
	if s.Const != nil {
		values = append(slices.Clone(values), s.Const)
	}
	if of, _ := s.Type.(string); of == "boolean" {
		values = append(slices.Clone(values), true, false)
	}
	for _, v := range values {
		if text, err := json.Marshal(v); err == nil {
			words = append(words, string(text))
		}
	}
	return words
}

// describe explains a key of an object in Markdown.
func (s *schema) describe(key string, of *schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**", plain(key))
	if of.Description != "" {
		fmt.Fprintf(&b, ": %s", plain(of.Description))
	}
	b.WriteString("\n\n")
	if words := of.words(); len(words) > 0 {
		for i, word := range words {
			words[i] = plain(strings.Trim(word, `"`))
		}
		fmt.Fprintf(&b, "one of: %s\n\n", strings.Join(words[:min(len(words), 32)], ", "))
	}
	if of.Minimum != nil && of.Maximum != nil {
		fmt.Fprintf(&b, "from %.0f to %.0f\n\n", *of.Minimum, *of.Maximum)
	}
	if of.Default != nil {
		fmt.Fprintf(&b, "left out: %s\n\n", plain(fmt.Sprint(of.Default)))
	} else if s != nil && slices.Contains(s.Required, key) {
		b.WriteString("required\n\n")
	}
	return b.String()
}
