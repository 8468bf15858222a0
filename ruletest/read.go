package ruletest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/internal/yamltext"
	"github.com/cfcheck/cfcheck/sigma"
)

// The limits of a file of tests.
const (
	MaxFileSize = sigma.MaxFileSize // in bytes
	MaxCases    = 10_000            // tests in a file
	MaxErrors   = 20                // errors that are reported for a file
	MaxCount    = 1 << 20           // matches that a test can demand of a file of events
)

// A File is a file of tests that stands beside a file of rules.
type File struct {
	Name  string     // for messages
	Rule  sigma.Text // ID or title of the rule; not set means the only rule beside the file
	Cases []Case
}

// A Case is one test: an event, or a file of recorded events, that a rule must match or must not
// match. It has either fields or a file.
type Case struct {
	sigma.Position
	Name  string // for people, such as "must_match 2"
	Match bool   // whether the rule must match
	Rule  sigma.Text
	Event []Field    // fields of an event of the rule's type
	File  sigma.Text // file of recorded events; a relative path begins at the folder of the tests

	// Count is the number of events of File that the rule must match, or with Least the least
	// number. Events of other types do not count. 0 means each event of the file, all of the
	// rule's type.
	Count int
	Least bool
}

// A Field is a field of an event. Null means that the event does not have it.
type Field struct {
	Name, Value sigma.Text
	Null        bool
}

// The keys of the lists of tests.
const (
	mustMatch    = "must_match"
	mustNotMatch = "must_not_match"
)

// Parse reads a file of tests, which is one YAML map:
//
//	rule: ID or title         # only if the file of rules has several rules
//	must_match:
//	  - name: a word for people
//	    event: {Image: 'C:\a.exe', CommandLine: null}
//	  - file: recorded.json
//	    matches: 2            # default: each event of the file
//	must_not_match:
//	  - event: {Image: 'C:\b.exe'}
//
// Values are text, as in rules. Parse refuses unknown and repeated keys, anchors, aliases and tags,
// and a file without a test. The error joins a [*sigma.Error] for each place, at most [MaxErrors].
func Parse(name string, data []byte) (*File, error) {
	f := &File{Name: name}
	r := &reader{name: name}
	r.document(data, []key{
		{"rule", func(path string, n *yaml.Node) { f.Rule = r.text(path, n) }},
		{mustMatch, func(path string, n *yaml.Node) { r.cases(f, path, n, true) }},
		{mustNotMatch, func(path string, n *yaml.Node) { r.cases(f, path, n, false) }},
	})
	if len(r.errs) == 0 && len(f.Cases) == 0 {
		r.add(sigma.Position{Line: 1, Column: 1}, "", "the file has no test", "write events under "+mustMatch+" or "+mustNotMatch)
	}
	return f, r.err()
}

// cases reads a list of tests.
func (r *reader) cases(f *File, path string, n *yaml.Node, match bool) {
	r.list(path, n, func(i int, n *yaml.Node) {
		if len(f.Cases) == MaxCases {
			if !r.full {
				r.fail(n, path, fmt.Sprintf("the file has more than %d tests", MaxCases), "split it, or put the events into a file of recorded events")
			}
			r.full = true
			return
		}
		c := Case{Position: r.place(n), Match: match, Rule: f.Rule, Name: fmt.Sprintf("%s %d", path, i+1)}
		has := map[string]*yaml.Node{}
		keep := func(k string, read func(path string, n *yaml.Node)) key {
			return key{k, func(path string, n *yaml.Node) { has[k] = n; read(path, n) }}
		}
		path := fmt.Sprintf("%s[%d]", path, i)
		ok := r.object(path, n, []key{
			keep("event", func(path string, n *yaml.Node) { c.Event = r.event(path, n) }),
			keep("file", func(path string, n *yaml.Node) { c.File = r.text(path, n) }),
			keep("matches", func(path string, n *yaml.Node) { c.Count = r.count(path, n) }),
			keep("name", func(path string, n *yaml.Node) { c.Name += ": " + r.text(path, n).Value }),
			keep("rule", func(path string, n *yaml.Node) { c.Rule = r.text(path, n) }),
		})
		switch {
		case !ok:
		case has["event"] != nil && has["file"] != nil:
			r.fail(has["file"], path, "the test has an event and a file", "write two tests")
		case has["event"] == nil && has["file"] == nil:
			r.fail(n, path, "the test has no event", "write its fields under event, or name a file of recorded events with file")
		case has["matches"] != nil && (!match || has["file"] == nil):
			r.fail(has["matches"], path, "matches stands without a file in "+mustMatch, "leave it out: it counts the events of a file that the rule must match")
		}
		f.Cases = append(f.Cases, c)
	})
}

// event reads the fields of an event. In an event without fields, each field of the type is absent.
func (r *reader) event(path string, n *yaml.Node) (fields []Field) {
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		return nil
	}
	r.entries(path, n, "expected a map of fields and values, such as Image: 'C:\\a.exe'", func(name string, at, value *yaml.Node) {
		f := Field{Name: sigma.Text{Value: name, Position: r.place(at)}, Null: yamltext.IsNull(value)}
		if value.Kind != yaml.ScalarNode {
			r.fail(value, path+"."+name, "found "+kindOf(value), "expected one value, or null if the event does not have the field")
			return
		}
		f.Value = sigma.Text{Value: value.Value, Position: r.place(value)}
		fields = append(fields, f)
	})
	return fields
}

// A reader reads one YAML file, and collects errors.
type reader struct {
	name string
	src  *yamltext.Source
	errs []*sigma.Error
	full bool // there were too many tests
}

// A key is a key of a map, and the function that reads its value.
type key struct {
	name string
	read func(path string, n *yaml.Node)
}

func (r *reader) add(at sigma.Position, path, found, want string) {
	r.errs = append(r.errs, &sigma.Error{Name: r.name, Position: at, Path: path, Found: found, Want: want})
}

func (r *reader) fail(n *yaml.Node, path, found, want string) { r.add(r.place(n), path, found, want) }

func (r *reader) place(n *yaml.Node) sigma.Position { return sigma.Position(r.src.Place(n)) }

// err joins the first errors, in the order of the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.errs, func(a, b *sigma.Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var list []error
	for _, e := range r.errs[:min(len(r.errs), MaxErrors)] {
		list = append(list, e)
	}
	return errors.Join(list...)
}

// maxDepth is the nesting of a file of tests: map, list, test, event.
const maxDepth = 6

// document reads the file: one map with these keys.
func (r *reader) document(data []byte, keys []key) {
	src, fault := yamltext.New(data, yamltext.Limits{Size: MaxFileSize, Marks: 1 << 16, Depth: maxDepth})
	if fault != nil {
		r.add(sigma.Position(fault.Position), "", fault.Found, fault.Want)
		return
	}
	r.src = src
	loader, err := src.Loader()
	if err != nil {
		r.add(sigma.Position{Line: 1, Column: 1}, "", err.Error(), "")
		return
	}
	explain := func(err error) {
		f := src.Explain(err)
		r.add(sigma.Position(f.Position), "", f.Found, f.Want)
	}
	var doc, more yaml.Node
	if err := loader.Load(&doc); err != nil && err != io.EOF {
		explain(err)
		return
	}
	if len(doc.Content) != 1 || yamltext.IsNull(doc.Content[0]) {
		r.add(sigma.Position{Line: 1, Column: 1}, "", "the file is empty", "expected a map with keys such as "+keys[len(keys)-1].name)
		return
	}
	if r.plain(doc.Content[0]) {
		r.object("", doc.Content[0], keys)
	}
	if err := loader.Load(&more); err == nil && len(more.Content) == 1 {
		r.fail(more.Content[0], "", "the file has a second document", "write one map")
	} else if err != nil && err != io.EOF {
		explain(err)
	}
}

// plain refuses nodes whose meaning is not where they stand: anchors, aliases and tags. The depth
// of n is limited by maxDepth.
func (r *reader) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		r.fail(n, "", "found the alias *"+n.Value, "write the value out; put it in quotes if it begins with *")
		return false
	case n.Anchor != "":
		r.fail(n, "", "found the anchor &"+n.Anchor, "write the value out; put it in quotes if it begins with &")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, "", "found the YAML tag "+n.Tag, "remove the tag; put the value in quotes if it begins with !")
		return false
	}
	ok := true
	for _, child := range n.Content {
		ok = r.plain(child) && ok
	}
	return ok
}

// object reads a map with known keys, in the order of keys. It reports whether the node is a map
// without unknown keys.
func (r *reader) object(path string, n *yaml.Node, keys []key) bool {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	values, known := make([]*yaml.Node, len(keys)), true
	ok := r.entries(path, n, "expected a map with the keys "+strictjson.Alternatives(names), func(name string, at, value *yaml.Node) {
		if i := slices.Index(names, name); i >= 0 {
			values[i] = value
			return
		}
		known = false
		want := strings.TrimPrefix(strictjson.Suggest(name, names), "; ")
		r.fail(at, path, "unknown key "+strictjson.Quote(name), cmp.Or(want, "expected "+strictjson.Alternatives(names)))
	})
	for i, value := range values {
		if value != nil {
			keys[i].read(join(path, names[i]), value)
		}
	}
	return ok && known
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// entries calls visit for each entry of a map. It reports whether the node is a map with entries.
func (r *reader) entries(path string, n *yaml.Node, want string, visit func(name string, at, value *yaml.Node)) bool {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.fail(n, path, "found "+kindOf(n), want)
		return false
	}
	first := map[string]sigma.Position{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := n.Content[i]
		if at.Kind != yaml.ScalarNode || at.Tag == "!!merge" || yamltext.IsNull(at) {
			r.fail(at, path, "found "+kindOf(at)+" in place of a key", want)
			continue
		}
		if other, again := first[at.Value]; again {
			r.fail(at, path, fmt.Sprintf("the key %s stands on line %d already", strictjson.Quote(at.Value), other.Line), "remove one")
			continue
		}
		first[at.Value] = r.place(at)
		visit(at.Value, at, n.Content[i+1])
	}
	return true
}

// list calls visit for each element of a list, which must have one.
func (r *reader) list(path string, n *yaml.Node, visit func(i int, n *yaml.Node)) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.fail(n, path, "found "+kindOf(n), "expected a list, or leave the key out")
		return
	}
	for i, child := range n.Content {
		visit(i, child)
	}
}

// text reads a text that is not empty.
func (r *reader) text(path string, n *yaml.Node) sigma.Text {
	if n.Kind != yaml.ScalarNode || yamltext.IsNull(n) || n.Value == "" {
		r.fail(n, path, "found "+kindOf(n), "expected a text")
		return sigma.Text{}
	}
	return sigma.Text{Value: n.Value, Position: r.place(n)}
}

// count reads a number of matches.
func (r *reader) count(path string, n *yaml.Node) int {
	v, err := strconv.ParseUint(n.Value, 10, 32)
	if n.Kind != yaml.ScalarNode || err != nil || v < 1 || v > MaxCount {
		r.fail(n, path, "found "+kindOf(n), fmt.Sprintf("expected a number from 1 to %d", MaxCount))
		return 1
	}
	return int(v)
}

// kindOf names a node in a message.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) == 0:
		return "an empty map"
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		return "an empty list"
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case yamltext.IsNull(n) || n.Value == "":
		return "no value"
	}
	return strictjson.Quote(n.Value)
}
