package lsp

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSchemas reads all published schemas, and follows each reference in them.
func TestSchemas(t *testing.T) {
	seen := map[*schema]bool{}
	var visit func(path string, s *schema)
	visit = func(path string, s *schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if s.Ref != "" && s.resolved() == nil {
			t.Errorf("%s: %s leads nowhere", path, s.Ref)
		}
		visit(path+".items", s.Items)
		visit(path+".if", s.If)
		visit(path+".then", s.Then)
		visit(path+".additionalProperties", s.Additional)
		for name, below := range s.Properties {
			visit(path+"."+name, below)
		}
		for name, below := range s.Defs {
			visit(path+".$defs."+name, below)
		}
	}
	for file, root := range schemas() {
		visit(file, root)
		if len(root.names()) == 0 {
			t.Errorf("%s: no name of the documents", file)
		}
		for _, name := range root.names() {
			if schemaNamed(name) != root {
				t.Errorf("%s: another schema has the name %s", file, name)
			}
		}
	}
	if len(seen) < 200 {
		t.Errorf("only %d schemas were read", len(seen))
	}
}

// TestDeepJSON reads brackets whose closing would take time in proportion to their number each.
func TestDeepJSON(t *testing.T) {
	text := strings.Repeat("[", 400_000) + strings.Repeat("}", 400_000)
	p := jsonPlaceOf(text, len(text))
	if len(p.values) != maxJSONNesting {
		t.Errorf("%d lists were read; expected %d", len(p.values), maxJSONNesting)
	}
	if keys := p.inside(); len(keys) > 0 || p.enclosing(1) >= 0 {
		t.Errorf("the end is inside of %q", keys)
	}
}

// TestJSONPlaces reads texts that are not whole, and lists their values with the keys above.
func TestJSONPlaces(t *testing.T) {
	for _, c := range []struct{ reason, text, want string }{
		{"whole", `{"a": [1, {"b": "x\"y"}], "c": true}`, `a=[ a.=1 a.={ a.b="x"y c=true`},
		{"a string without an end", "{\"a\": \"x\n\"b\": 2}", `a="x b=2`},
		{"a key without a colon", `{"a" "b": 2}`, `a= b=2`},
		{"a key without a value", "{\"a\":\n\"b\": 2}", `a= b=2`},
		{"no commas", `{"a": 1 "b": [2 3]}`, `a=1 b=[ b.=2 b.=3`},
		{"brackets that do not fit", `{"a": [1}, "b": 2]`, `a=[ a.=1 ="b =2`},
		{"not closed", `{"a": [{"b": [`, `a=[ a.={ a.b=[`},
		{"a value in a place for a key", `{1, "a": 2}`, `=1 a=2`},
		{"escapes that only JSON has", `{"a": "x\/\ud83d\ude00"}`, "a=\"x/\U0001F600"},
		{"a backslash at the end of a line", "{\"a\": \"x\\\n\"b\": 2}", `a="x\ b=2`},
	} {
		p := jsonPlaceOf(c.text, 0)
		var got []string
		for i := range p.values[1:] {
			v := &p.values[i+1]
			word := v.text
			if v.kind != 'a' && v.kind != 0 {
				word = string(v.kind) + word
			}
			got = append(got, strings.Join(append(p.above(i+1), v.key), ".")+"="+word)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s (want %s)", c.reason, text, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("{}[]\",: \n\\a1\u00e9")), -1, 60, -1).Draw(t, "text")
		at := rapid.IntRange(0, len(text)).Draw(t, "offset")
		p := jsonPlaceOf(text, at)
		if p.start < 0 || p.start > p.end || p.end > len(text) || p.start > at || p.end < at {
			t.Fatalf("the word at %d of %q is %d to %d", at, text, p.start, p.end)
		}
		for i := range p.values {
			if v := &p.values[i]; v.parent >= i || v.start > v.end || v.end > len(text) || v.keyStart > v.keyEnd {
				t.Fatalf("value %d of %q is %+v", i, text, v)
			}
		}
		p.inside()
	})
}
