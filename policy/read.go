package policy

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/internal/yamltext"
	"github.com/cfcheck/cfcheck/sensor/rollout"
	"github.com/cfcheck/cfcheck/validate"
)

// The limits of a policy file. A larger file is refused without reading it.
const (
	MaxSize  = 1 << 20 // in bytes
	MaxValue = 1024    // length of a value, in characters
)

// Read reads a policy. The name of the file is used only in messages. checks are the checks
// of the gate, to which the policy may refer.
//
// The file is one YAML map. Read refuses everything that a reader could overlook: unknown
// and repeated keys, empty values and lists, anchors, aliases and tags. An error is of type
// [Errors].
func Read(name string, data []byte, checks []*validate.Check) (*Policy, error) {
	r := &reader{name: name, checks: checks, version: SchemaName, size: MaxSize}
	p := &Policy{Name: name}
	r.document(data, r.keys(p))
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// A reader reads one file, and collects errors.
type reader struct {
	name    string
	version string // mandatory value of the key schema
	size    int    // maximum size in bytes
	src     *yamltext.Source
	checks  []*validate.Check
	errors  Errors
}

// err returns the first errors in the order of the file, or nil.
func (r *reader) err() error {
	if len(r.errors) == 0 {
		return nil
	}
	slices.SortStableFunc(r.errors, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.errors[:min(len(r.errors), MaxErrors)]
}

// A key is a key of a map, and the function that reads its value.
type key struct {
	name string
	read func(path string, n *yaml.Node)
}

// keys returns the keys of a policy.
func (r *reader) keys(p *Policy) []key {
	return []key{
		{"schema", r.schema},
		{"fleets", r.texts(&p.Fleets, nil)},
		{"types", r.texts(&p.Types, nil)},
		{"fail-on", func(path string, n *yaml.Node) { p.FailOn = r.oneOf(path, n, "error", "warning") }},
		{"severities", func(path string, n *yaml.Node) { r.severities(p, path, n) }},
		{"ceilings", func(path string, n *yaml.Node) { r.object(path, n, r.ceilings(&p.Ceilings)) }},
		{"expect", func(path string, n *yaml.Node) { r.object(path, n, r.expect(&p.Expect)) }},
		{"tests", func(path string, n *yaml.Node) { r.object(path, n, r.tests(&p.Tests)) }},
		{"protected", r.texts(&p.Protected, ruleID)},
		{"never-match", r.texts(&p.NeverMatch, nil)},
		{"known-good", r.texts(&p.KnownGood, nil)},
		{"known-bad", r.texts(&p.KnownBad, nil)},
		{"ledger", func(path string, n *yaml.Node) { p.Ledger, _ = r.text(path, n) }},
		{"exercise-plans", r.texts(&p.ExercisePlans, planReference)},
		{"rings", func(path string, n *yaml.Node) { r.object(path, n, r.rings(&p.Rings)) }},
		{"exclude", r.texts(&p.Exclude, nil)},
		{"waivers", func(path string, n *yaml.Node) { r.waivers(p, path, n) }},
		{"waiver-files", r.texts(&p.WaiverFiles, nil)},
	}
}

func (r *reader) ceilings(c *Ceilings) []key {
	return []key{
		{"bytes", r.number(&c.Bytes, 1)}, {"instances", r.number(&c.Instances, 1)}, {"memory", r.number(&c.Memory, 1)},
		{"max-removed", r.number(&c.MaxRemoved, 1)}, {"max-growth", r.number(&c.MaxGrowth, 1)},
		{"known-good-matches", r.number(&c.KnownGoodMatches, 0)}, {"known-good-new", r.number(&c.KnownGoodNew, 0)},
	}
}

func (r *reader) expect(e *Expect) []key {
	return []key{{"files", r.number(&e.Files, 1)}, {"instances", r.number(&e.Instances, 1)}, {"builds", r.number(&e.Builds, 1)}}
}

func (r *reader) tests(t *Tests) []key {
	return []key{{"must-match", r.number(&t.MustMatch, 1)}, {"must-not-match", r.number(&t.MustNotMatch, 1)}}
}

func (r *reader) rings(s *Rings) []key {
	return []key{{"hosts-per-cell", r.number(&s.HostsPerCell, 1)}, {"factor", r.number(&s.Factor, 2)}}
}

// fail records an error.
func (r *reader) fail(at Place, key, found, want string) {
	r.errors = append(r.errors, &Error{Name: r.name, Place: at, Key: key, Found: found, Want: want})
}

// failAt records an error at a node.
func (r *reader) failAt(n *yaml.Node, key, found, want string) { r.fail(r.place(n), key, found, want) }

func (r *reader) place(n *yaml.Node) Place { return Place(r.src.Place(n)) }

// document reads the file: a map with these keys, of which the first is mandatory.
func (r *reader) document(data []byte, keys []key) {
	src, fault := yamltext.New(data, yamltext.Limits{Size: r.size, Marks: 1 << 14, Depth: 4})
	if fault != nil {
		r.fail(Place(fault.Position), "", fault.Found, fault.Want)
		return
	}
	r.src = src
	loader, err := src.Loader()
	if err != nil { //mutation:equivalent: the limits are constants that the parser accepts
		r.fail(Place{1, 1}, "", err.Error(), "")
		return
	}
	var doc, more yaml.Node
	if err := loader.Load(&doc); err != nil && err != io.EOF {
		f := src.Explain(err)
		r.fail(Place(f.Position), "", f.Found, f.Want)
		return
	}
	if len(doc.Content) != 1 || yamltext.IsNull(doc.Content[0]) {
		r.fail(Place{1, 1}, "", "the file is empty", fmt.Sprintf("write at least \"schema: %s\", or remove the file", r.version))
		return
	}
	if r.plain(doc.Content[0]) {
		if r.object("", doc.Content[0], keys) && !r.has(doc.Content[0], keys[0].name) {
			r.failAt(doc.Content[0], "", fmt.Sprintf("the key %q is missing", keys[0].name), "write "+keys[0].name+": "+r.version)
		}
	}
	if err := loader.Load(&more); err == nil && len(more.Content) == 1 {
		r.failAt(more.Content[0], "", "the file has a second document", "write one map")
	} else if err != nil && err != io.EOF {
		f := src.Explain(err)
		r.fail(Place(f.Position), "", f.Found, f.Want)
	}
}

// plain refuses nodes whose meaning is not where they stand: anchors, aliases and tags.
func (r *reader) plain(n *yaml.Node) bool {
	ok := true
	switch {
	case n.Kind == yaml.AliasNode:
		r.failAt(n, "", fmt.Sprintf("found the alias *%s", n.Value), "write the value out; put it in quotes if it begins with *")
		return false
	case n.Anchor != "":
		r.failAt(n, "", fmt.Sprintf("found the anchor &%s", n.Anchor), "write the value out; put it in quotes if it begins with &")
		ok = false
	case n.Style&yaml.TaggedStyle != 0:
		r.failAt(n, "", fmt.Sprintf("found the YAML tag %s", n.Tag), "remove the tag; put the value in quotes if it begins with !")
		ok = false
	}
	for _, child := range n.Content {
		ok = r.plain(child) && ok
	}
	return ok
}

// kind names a node in a message.
func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case yamltext.IsNull(n):
		return "no value"
	}
	return strictjson.Quote(n.Value)
}

// object reads a map with known keys. It reports whether the node is a map.
func (r *reader) object(path string, n *yaml.Node, keys []key) bool {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return r.entries(path, n, "expected a map with keys such as "+names[0], func(name string, at, value *yaml.Node) {
		i := slices.Index(names, name)
		if i < 0 {
			want := strings.TrimPrefix(strictjson.Suggest(name, names), "; ")
			r.failAt(at, path, "unknown key "+strictjson.Quote(name), cmp.Or(want, "expected "+strictjson.Alternatives(names)))
			return
		}
		keys[i].read(join(path, name), value)
	})
}

// entries calls visit for each entry of a map. It reports whether the node is a map.
func (r *reader) entries(path string, n *yaml.Node, want string, visit func(name string, at, value *yaml.Node)) bool {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		found := kind(n)
		if n.Kind == yaml.MappingNode {
			found = "an empty map"
		}
		r.failAt(n, path, "found "+found, want)
		return false
	}
	first := map[string]Place{}
	//mutation:equivalent comparison: the number of nodes is even
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := n.Content[i]
		if at.Kind != yaml.ScalarNode || at.Tag == "!!merge" || yamltext.IsNull(at) {
			r.failAt(at, path, fmt.Sprintf("found %s in place of a key", kind(at)), want)
			continue
		}
		if before, ok := first[at.Value]; ok {
			r.failAt(at, path, fmt.Sprintf("the key %s occurs here and in line %d", strictjson.Quote(at.Value), before.Line), "remove one of the two")
			continue
		}
		first[at.Value] = r.place(at)
		//mutation:missed width: the errors of unknown keys hide it in so large a map
		visit(at.Value, at, n.Content[i+1])
	}
	return true
}

func (r *reader) has(n *yaml.Node, name string) bool {
	//mutation:equivalent comparison: the number of nodes is even
	//mutation:missed width: the errors of unknown keys hide it in so large a map
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// text reads a value that is one text.
func (r *reader) text(path string, n *yaml.Node) (Text, bool) {
	fail := func(found, want string) (Text, bool) {
		r.failAt(n, path, found, want)
		return Text{}, false
	}
	switch v := n.Value; {
	case n.Kind != yaml.ScalarNode || yamltext.IsNull(n):
		return fail("found "+kind(n), "expected one value, or leave the key out")
	case n.Style == 0 && n.Tag != "!!str" && !(n.Tag == "!!int" && decimal(v)):
		return fail(fmt.Sprintf("found %s, which is not a text in YAML", v), "put it in quotes")
	}
	if found, want := textFault(n.Value); found != "" {
		return fail(found, want)
	}
	return Text{n.Value, r.place(n)}, true
}

// textFault returns the reason why a text must not be a value, and advice.
func textFault(v string) (found, want string) {
	switch n := utf8.RuneCountInString(v); {
	case strings.TrimSpace(v) == "":
		return "found an empty value", "give a value, or leave the key out"
	case strings.TrimSpace(v) != v:
		return fmt.Sprintf("found %s, with a space at its start or end", strictjson.Quote(v)), "remove the space"
	case n > MaxValue:
		return fmt.Sprintf("found %d characters", n), fmt.Sprintf("expected at most %d", MaxValue)
	case !utf8.ValidString(v) || strings.ContainsFunc(v, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Sprintf("found %s, with a character that cannot be seen", strictjson.Quote(v)), "remove the character"
	}
	return "", ""
}

// decimal reports whether an integer is written in the usual way.
func decimal(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == s
}

// texts returns a function that reads a list of distinct texts. If parse is not nil, it
// returns the form of a text to keep, or an expectation that the text does not meet.
func (r *reader) texts(to *[]Text, parse func(string) (text, want string)) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
			found := kind(n)
			if n.Kind == yaml.SequenceNode {
				found = "an empty list"
			}
			r.failAt(n, path, "found "+found, "expected a list of at least one value, or leave the key out")
			return
		}
		for i, element := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			t, ok := r.text(at, element)
			if !ok {
				continue
			}
			if parse != nil {
				text, want := parse(t.Value)
				if want != "" {
					r.failAt(element, at, "found "+strictjson.Quote(t.Value), want)
					continue
				}
				t.Value = text
			}
			if k := slices.IndexFunc(*to, func(o Text) bool { return o.Value == t.Value }); k >= 0 {
				r.failAt(element, at, fmt.Sprintf("found %s here and in line %d", strictjson.Quote(t.Value), (*to)[k].Line), "remove one of the two")
				continue
			}
			*to = append(*to, t)
		}
	}
}

// ruleID returns the ID of a rule in lower case.
func ruleID(s string) (id, want string) {
	parsed, err := channelfile.ParseID(s)
	if err != nil {
		return "", "expected the ID of a rule, such as 5a0c1d2e-0001-4000-8000-cfc0cfc00001"
	}
	return parsed.String(), ""
}

// planReference returns the name and the digest of a plan as they are.
func planReference(s string) (text, want string) {
	if _, _, err := rollout.ParseReference(s); err != nil {
		return "", "expected the name of a plan and its digest, FILE@sha256:HEX with 64 lower-case hex digits"
	}
	return s, ""
}

// number returns a function that reads a whole number.
func (r *reader) number(to *Number, least uint64) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		t, ok := r.text(path, n)
		if !ok {
			return
		}
		v, err := strconv.ParseUint(t.Value, 10, 64)
		if err != nil || strconv.FormatUint(v, 10) != t.Value || v < least || v > strictjson.MaxInteger {
			r.failAt(n, path, "found "+strictjson.Quote(t.Value), fmt.Sprintf("expected a whole number from %d to %d, in decimal digits", least, uint64(strictjson.MaxInteger)))
			return
		}
		*to = Number{v, t.Place}
	}
}

// oneOf reads one of several words.
func (r *reader) oneOf(path string, n *yaml.Node, words ...string) Text {
	t, ok := r.text(path, n)
	if ok && !slices.Contains(words, t.Value) {
		want := strings.TrimPrefix(strictjson.Suggest(t.Value, words), "; ")
		r.failAt(n, path, "found "+strictjson.Quote(t.Value), cmp.Or(want, "expected "+strictjson.Alternatives(words)))
		return Text{}
	}
	return t
}

func (r *reader) schema(path string, n *yaml.Node) {
	if t, ok := r.text(path, n); ok && t.Value != r.version {
		want := "expected " + r.version
		if family, _, _ := strings.Cut(r.version, "/"); strings.HasPrefix(t.Value, family+"/") {
			want += "; another version of cfcheck may read it"
		}
		r.failAt(n, path, "found "+strictjson.Quote(t.Value), want)
	}
}

// severities reads the severities of checks and families.
func (r *reader) severities(p *Policy, path string, n *yaml.Node) {
	words := []string{validate.Error.String(), validate.Warning.String(), validate.Note.String()}
	byFamily := map[*validate.Check]Severity{}
	byCheck := map[*validate.Check]Severity{}
	r.entries(path, n, "expected a map of checks to severities, such as \"CF5003: warning\"", func(name string, at, value *yaml.Node) {
		word := r.oneOf(join(path, name), value, words...)
		severity := validate.Severity(max(slices.Index(words, word.Value), 0))
		if i := slices.IndexFunc(validate.Families, func(f validate.Family) bool { return f.Name == name }); i >= 0 {
			settable := 0
			for _, c := range r.checks {
				if c.Family() == validate.Families[i].Digit && c.SeverityIsFirm() == "" {
					byFamily[c] = Severity{c, severity, r.place(at)}
					settable++
				}
			}
			if settable == 0 {
				r.failAt(at, path, fmt.Sprintf("the severities of family %s (CF%d) are permanent", name, validate.Families[i].Digit), r.settable())
			}
			return
		}
		i := slices.IndexFunc(r.checks, func(c *validate.Check) bool { return c.ID == name || c.Name == name })
		if i < 0 {
			want := strings.TrimPrefix(strictjson.Suggest(name, r.severityNames()), "; ")
			r.failAt(at, path, "unknown check "+strictjson.Quote(name), cmp.Or(want, r.settable()))
			return
		}
		c := r.checks[i]
		if why := c.SeverityIsFirm(); why != "" {
			r.failAt(at, path, fmt.Sprintf("%v: %s", c, why), "remove the entry")
			return
		}
		if before, ok := byCheck[c]; ok {
			r.failAt(at, path, fmt.Sprintf("%v has a severity here and in line %d", c, before.Line), "remove one of the two")
			return
		}
		byCheck[c] = Severity{c, severity, r.place(at)}
	})
	for _, c := range r.checks {
		s, ok := byCheck[c]
		if !ok {
			s, ok = byFamily[c]
		}
		if ok {
			p.Severities = append(p.Severities, s)
		}
	}
}

// severityNames returns the names that may be keys of severities: families, and the IDs and
// names of checks.
func (r *reader) severityNames() []string {
	var ids, names []string
	families := map[int]bool{}
	for _, c := range r.checks {
		if c.SeverityIsFirm() == "" {
			families[c.Family()] = true
			ids, names = append(ids, c.ID), append(names, c.Name)
		}
	}
	var list []string
	for _, f := range validate.Families {
		if families[f.Digit] {
			list = append(list, f.Name)
		}
	}
	return slices.Concat(list, names, ids)
}

// settable returns advice on the keys of severities.
func (r *reader) settable() string {
	var families []string
	for _, f := range validate.Families {
		if slices.Contains(r.severityNames(), f.Name) {
			families = append(families, fmt.Sprintf("%s (CF%d)", f.Name, f.Digit))
		}
	}
	return "expected the ID or name of a check, or the name of a family, of " + strings.Join(families, ", ")
}
