package sigma

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/yamltext"
)

// Parse parses a file of Sigma rules. The file contains one rule, or several
// that are separated by "---". The name is used only in messages and
// provenance, and Parse opens no file.
//
// Parse returns the well-formed rules in the order of the file. A non-nil error
// joins an [*Error] for each malformed place, in the order of the file, at most
// MaxErrors; [Errors] splits it. A file without a rule is malformed.
// MaxFileSize bounds the time and memory.
//
// A file with a document of a rule collection (the key "action") is one Rule of
// the kind Collection, because its documents have a meaning only together. This
// does not hold if the file also has a correlation or a filter. If documents of a
// file are not rules at all, only the first of them is an error.
func Parse(name string, data []byte) ([]*Rule, error) { return parse(name, data, nil) }

// parse does the work of Parse within a budget. Once the budget is spent, the
// result is meaningless.
func parse(name string, data []byte, budget *Budget) ([]*Rule, error) {
	src, fault := yamltext.New(data, limits)
	if fault != nil {
		return nil, unreadable(name, fault)
	}
	p := &parser{name: name, src: src, budget: budget, rule: &Rule{Name: name, Position: Position{1, 1}}}
	loader, err := src.Loader()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var rules []*Rule
	documents := 0
	for {
		var doc yaml.Node
		if err := loader.Load(&doc); err == io.EOF {
			break
		} else if err != nil {
			p.yamlError(err)
			return rules, p.errs.err(name)
		}
		if len(doc.Content) != 1 || yamltext.IsNull(doc.Content[0]) {
			continue // nothing between two "---"
		}
		if documents++; documents > MaxDocuments {
			p.fail(doc.Content[0], "", fmt.Sprintf("file has more than %s rules", count(MaxDocuments)), "split it")
			p.full = true
			break
		}
		if p.strange(doc.Content[0]) {
			continue
		}
		if rule := p.document(doc.Content[0]); rule != nil {
			rule.index = documents - 1
			rule.Directives = p.directives(&doc)
			rules = append(rules, rule)
		}
		if p.full {
			break
		}
	}
	if p.collection != nil && !p.relating && !p.full {
		return []*Rule{p.collection}, nil
	}
	if documents == 0 {
		p.add(Position{1, 1}, "", "file has no rule in it", "")
	}
	return rules, p.errs.err(name)
}

// directive is the beginning of a comment that is a statement to cfcheck.
const directive = "cfcheck:"

// directives returns the comments in a document that begin with "cfcheck:", without the "#" and
// spaces, in the order of the file.
func (p *parser) directives(n *yaml.Node) (list []Text) {
	for _, comment := range []string{n.HeadComment, n.LineComment, n.FootComment} {
		for line := range strings.Lines(comment) {
			line = strings.TrimSpace(line)
			text := strings.TrimSpace(strings.TrimLeft(line, "#"))
			if !strings.HasPrefix(text, directive) {
				continue
			}
			// The YAML parser does not tell the place. Equal comments are interchangeable.
			if p.comments == nil {
				p.comments = directiveOffsets(p.src.Data)
			}
			at := p.src.Offset(n.Line, n.Column)
			if offsets := p.comments[line]; len(offsets) > 0 {
				at, p.comments[line] = offsets[0], offsets[1:]
			}
			list = append(list, Text{text, Position(p.src.At(at))})
		}
	}
	for _, child := range n.Content {
		list = append(list, p.directives(child)...)
	}
	slices.SortFunc(list, func(a, b Text) int { return a.Position.compare(b.Position) })
	return list
}

// directiveOffsets returns the offsets of the texts that look like directives, by the text from
// the "#" to the end of the line. Some are part of a value and not a comment. It passes over the
// others in a line with very many.
func directiveOffsets(data []byte) map[string][]int {
	const most = 8 // in a line
	found := map[string][]int{}
	start := 0
	for line := range bytes.Lines(data) {
		for d, n := 0, 0; n < most; n++ {
			next := bytes.Index(line[d:], []byte(directive))
			if next < 0 {
				break
			}
			d += next
			before := bytes.TrimRight(line[:d], " \t")
			at := len(bytes.TrimRight(before, "#"))
			if at < len(before) {
				text := string(bytes.TrimSpace(line[at:]))
				found[text] = append(found[text], start+at)
			}
			d += len(directive)
		}
		start += len(line)
	}
	return found
}

// A parser parses one file.
type parser struct {
	name   string // of the file
	src    *yamltext.Source
	errs   errorList
	failed int // number of errors so far, including those that errs only counts
	nodes  int // values and collections so far, with those that aliases repeat
	values int // values of the searches so far, and their bytes
	bytes  int
	full   bool // a limit of the file is exceeded, and the rest is not read

	seen map[seenError]bool // recorded errors, because several aliases may lead to one place

	budget *Budget
	rule   *Rule // the rule that is being parsed

	comments map[string][]int // offsets of texts that look like directives, by text

	collection *Rule // the first document of a rule collection
	relating   bool  // the file has a correlation or a filter
	sawStrange bool  // strange recorded a document
}

type seenError struct {
	Position
	found string
}

// add records an error.
func (p *parser) add(at Position, path, found, want string) {
	p.addOf(at, &Error{Position: at, Path: path, Found: found, Want: want})
}

// addOf records an error, once for each position about. It sets the name of the file.
func (p *parser) addOf(about Position, e *Error) {
	p.failed++
	if p.seen[seenError{about, e.Found}] {
		return
	}
	if p.seen == nil {
		p.seen = map[seenError]bool{}
	}
	if len(p.seen) < MaxErrors {
		p.seen[seenError{about, e.Found}] = true
		p.spend(cost{values: errorValues, bytes: len(e.Found) + len(e.Want)})
	}
	e.Name = p.name
	p.errs.add(e)
}

// fail records an error at a node. If several aliases name a collection, its
// errors are recorded only at the first alias.
func (p *parser) fail(n *yaml.Node, path, found, want string) {
	p.correct(n, path, found, want, Correction{})
}

// correct is fail for an error with a correction.
func (p *parser) correct(n *yaml.Node, path, found, want string, c Correction) {
	about := n
	if n.Kind == yaml.AliasNode {
		about = n.Alias
	}
	p.addOf(p.position(about), &Error{Position: p.position(n), Path: path, Found: found, Want: want, Correction: c})
}

// corrects returns the correction of a word, or the zero Correction if meant is "".
func corrects(kind CorrectionKind, word, meant string) Correction {
	if meant == "" || meant == word {
		return Correction{}
	}
	return Correction{kind, word, meant}
}

// limits are the limits of a file of rules.
var limits = yamltext.Limits{Size: MaxFileSize, Marks: MaxFlowMarks, Depth: MaxNesting}

// unreadable returns the error for a file that is not a text of rules.
func unreadable(name string, f *yamltext.Fault) *Error {
	return &Error{Name: name, Position: Position(f.Position), Found: f.Found, Want: f.Want}
}

func (p *parser) position(n *yaml.Node) Position {
	return Position(p.src.Place(n))
}

// spend charges the rule that is being parsed. If the budget is spent, the rest
// of the file is not read.
func (p *parser) spend(c cost) {
	if !p.budget.spend(p.rule, c) {
		p.full = true
	}
}

// yamlError records that the file is not YAML.
func (p *parser) yamlError(err error) {
	f := p.src.Explain(err)
	p.add(Position(f.Position), "", f.Found, f.Want)
}

// vet checks the properties that the meaning of a document depends on, whatever
// its keys are:
//   - each key is a scalar and occurs once
//   - no merge key hides values
//   - no tag changes the kind of a collection or key
//   - aliases do not expand the file to more than MaxNodes
//
// vet does not follow aliases, because it checks the nodes that they name where
// those stand.
func (p *parser) vet(n *yaml.Node) bool {
	ok := p.vetNode(n, 0)
	p.nodes += p.expanded(n, map[*yaml.Node]int{})
	return ok && !p.full
}

// expanded returns the number of values and collections in a node, counted each
// time an alias repeats them. An anchor precedes its aliases, so that the size
// of an anchored node is known when an alias needs it. expanded records an
// error where the file exceeds MaxNodes.
func (p *parser) expanded(n *yaml.Node, anchored map[*yaml.Node]int) int {
	if n.Kind == yaml.AliasNode {
		size, complete := anchored[n.Alias]
		if !complete && !p.full {
			p.fail(n, "", fmt.Sprintf("alias %s stands inside the collection that it names", quote("*"+n.Value)), "write the values out")
			p.full = true
		}
		return size
	}
	size := 1
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue // a key
		}
		size += p.expanded(child, anchored)
		if p.nodes+size > MaxNodes {
			p.exhaust(p.position(child), "", fmt.Sprintf("file has more than %s values, counting those that its aliases repeat", count(MaxNodes)))
		}
		if p.full {
			return 0
		}
	}
	if n.Anchor != "" {
		anchored[n] = size
	}
	return size
}

func (p *parser) vetNode(n *yaml.Node, depth int) bool {
	if depth > 2*MaxNesting {
		p.fail(n, "", fmt.Sprintf("collections are nested more than %d deep", MaxNesting), "a rule needs only five levels")
		return false
	}
	ok := true
	if n.Style&yaml.TaggedStyle != 0 && (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) {
		p.fail(n, "", fmt.Sprintf("%s has the YAML tag %s", collectionName(n), clip(n.Tag)), "remove the tag")
		ok = false
	}
	if n.Kind == yaml.MappingNode {
		lines := make(map[string]*yaml.Node, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			switch {
			case key.Kind != yaml.ScalarNode:
				p.fail(key, "", "key is "+kindName(key), "expected a name")
				ok = false
				continue
			case yamltext.IsNull(key):
				p.fail(key, "", "key is null", "expected a name; put it in quotes if you mean the text")
				ok = false
				continue
			case key.Tag == "!!merge":
				p.fail(key, "", `key "<<" merges another map, which YAML 1.2 does not have`, "write the keys out")
				ok = false
			case tagged(key):
				p.fail(key, "", fmt.Sprintf("key %s has the YAML tag %s", quote(key.Value), clip(key.Tag)), "remove the tag")
				ok = false
			}
			if first := lines[key.Value]; first != nil {
				p.fail(key, "", fmt.Sprintf("key %s occurs here and in line %d", quote(key.Value), p.position(first).Line),
					"a key may occur once in a map; remove one of the two")
				ok = false
			}
			lines[key.Value] = key
		}
	}
	for _, child := range n.Content {
		ok = p.vetNode(child, depth+1) && ok
	}
	return ok
}

// tagged reports whether a scalar has a YAML tag that changes its kind. The tag
// !!str has the same effect as quotes.
func tagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!str" }

// collectionName names a map or a list in a message.
func collectionName(n *yaml.Node) string { return strings.TrimPrefix(kindName(n), "a ") }

// kindName names a node in a message.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if yamltext.IsNull(n) {
		return "empty"
	}
	return quote(n.Value)
}

// exhaust records, once, that the file exceeds a limit.
func (p *parser) exhaust(at Position, path, found string) {
	if !p.full {
		p.add(at, path, found, "split it")
	}
	p.full = true
}

// resolve returns the node that an alias names. It returns any other node
// unchanged.
func (p *parser) resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// strange reports whether a document is not a rule, a correlation, a filter or a part
// of a collection, and records the first one. It does not require that the document
// is sound.
func (p *parser) strange(n *yaml.Node) bool {
	found, want := "rule is "+kindName(n), "expected a map with title, logsource and detection"
	if n.Kind == yaml.MappingNode {
		ours := false
		for i := 0; i+1 < len(n.Content); i += 2 {
			for _, key := range []string{n.Content[i].Value, misspelt(n.Content[i].Value, documentKeys)} {
				ours = ours || slices.Contains(essential, key)
				p.relating = p.relating || key == "correlation" || key == "filter"
			}
		}
		if ours {
			return false
		}
		found, want = "document is not a Sigma rule: it has neither logsource nor detection", "move the file elsewhere, or leave it out with --exclude"
	}
	if !p.sawStrange {
		p.fail(n, "", found, want)
	}
	p.sawStrange = true
	return true
}

// essential lists the keys of which a document of Sigma has at least one.
var essential = []string{"logsource", "detection", "correlation", "filter", "action"}

// document parses one rule. It returns nil if the rule is malformed.
func (p *parser) document(n *yaml.Node) *Rule {
	before := p.failed
	if !p.vet(n) {
		return nil
	}
	r := &Rule{Name: p.name, Path: p.name, Position: p.position(n)}
	p.rule = r
	p.spend(cost{values: ruleValues})
	fields := map[string]*yaml.Node{}
	present := map[string]bool{}
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], p.resolve(n.Content[i+1])
		fields[key.Value] = value
		present[key.Value] = true
		keys = append(keys, key.Value)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		kind, ok := kinds[key.Value]
		switch {
		case !ok || r.Kind != Detecting:
		case kind != Collection && fields[key.Value].Kind == yaml.ScalarNode && present["detection"]:
			// Some authors write a remark on other rules there.
			p.warn(r, p.position(key), key.Value, key.Value+" is text, which is not one of Sigma's, so it has no effect", "write it as a comment", Correction{})
		default:
			r.Kind, r.extra = kind, Text{key.Value, p.position(key)}
			if kind == Collection && p.collection == nil {
				p.collection = r
			}
		}
	}
	for _, f := range []struct {
		key string
		to  *Text
	}{
		{"title", &r.Title}, {"id", &r.ID}, {"author", &r.Author}, {"license", &r.Licence}, {"status", &r.Status},
		{"level", &r.Level}, {"date", &r.Date}, {"modified", &r.Modified}, {"taxonomy", &r.Taxonomy},
		{"name", &r.Label}, {"sigma-version", &r.SigmaVersion}, {"regression_tests_path", &r.Tests},
	} {
		switch value := fields[f.key]; {
		case value == nil:
		case value.Kind == yaml.SequenceNode && (f.key == "author" || f.key == "license"):
			*f.to = p.joined(r, value, f.key)
		case value.Kind != yaml.ScalarNode && f.key == "regression_tests_path":
			// The key is not one of Sigma's, so the rule is well formed.
			p.warn(r, p.position(value), f.key, f.key+" is "+kindName(value), "write the path of one file", Correction{})
		default:
			*f.to = p.text(value, f.key)
		}
	}
	// Without a value the language of the rule is unknown.
	for _, key := range []string{"sigma-version", "taxonomy"} {
		if value := fields[key]; value != nil && value.Kind == yaml.ScalarNode && (yamltext.IsNull(value) || value.Value == "") {
			p.fail(value, key, "no value", "give it one, or leave the key out")
		}
	}
	meant := p.spelling(r, n, present)
	if value := fields["tags"]; value != nil {
		p.tags(r, value)
	}
	if value := fields["related"]; value != nil {
		p.related(r, value)
	}
	p.header(r)
	if r.Kind == Detecting {
		for _, key := range []string{"title", "logsource", "detection"} {
			if fields[key] == nil && !slices.Contains(meant, key) {
				want := "a rule needs it"
				if near := nearest(key, keys); near != "" {
					want = fmt.Sprintf("is %s a misspelling of it?", quote(near))
				}
				p.add(r.Position, "", fmt.Sprintf("rule has no %s", key), want)
			}
		}
		if fields["logsource"] != nil {
			r.Logsource = p.logsource(fields["logsource"])
		}
		if fields["detection"] != nil {
			p.detection(r, fields["detection"])
		}
	}
	if r.Kind == Correlation || r.Kind == Filter {
		p.references(r, fields)
	}
	if p.failed > before {
		return nil
	}
	return r
}

// spelling records the misspelt keys of a document and returns the keys that
// their author meant. A rule may have keys that Sigma does not define. A key
// that is similar to one of Sigma's is an error if its value would have an
// effect, and a note otherwise.
func (p *parser) spelling(r *Rule, n *yaml.Node, present map[string]bool) (all []string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], p.resolve(n.Content[i+1])
		meant := misspeltKey(key.Value, documentKeys, present)
		kind, ok := meaningful[meant]
		found, want := fmt.Sprintf("key %s is not one of Sigma's", quote(key.Value)), fmt.Sprintf("did you mean %s?", quote(meant))
		if !ok || value.Kind != kind || meant == "action" && !slices.Contains(actions, value.Value) {
			if meant != "" {
				p.note(r, key, "", found+"; "+want, corrects(CorrectsKey, key.Value, meant))
			}
			continue
		}
		p.correct(key, "", found, want, corrects(CorrectsKey, key.Value, meant))
		all = append(all, meant)
	}
	return all
}

// references parses the references of a correlation or a filter to other rules.
func (p *parser) references(r *Rule, fields map[string]*yaml.Node) {
	path := r.extra.Value
	n := fields[path]
	if n.Kind != yaml.MappingNode {
		p.fail(n, path, path+" is "+kindName(n), "expected a map with rules and condition")
		return
	}
	if r.Kind == Filter && fields["logsource"] == nil {
		p.add(r.Position, "", "filter has no logsource", "a filter narrows only rules of its logsource")
	} else if r.Kind == Filter {
		r.Logsource = p.logsource(fields["logsource"])
	}
	var rules *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "rules":
			rules = p.resolve(n.Content[i+1])
		case "generate":
			p.generate(r, p.resolve(n.Content[i+1]), path+".generate")
		}
	}
	if fields["generate"] != nil {
		p.generate(r, fields["generate"], "generate")
	}
	path += ".rules"
	if rules == nil || yamltext.IsNull(rules) {
		p.fail(n, path, r.Kind.String()+" has no rules", "name the rules that it refers to, by id or name")
		return
	}
	list := []*yaml.Node{rules}
	if rules.Kind == yaml.SequenceNode {
		list = rules.Content
		r.All = r.Kind == Filter && len(list) == 0 // as in pySigma
	} else if word := rules.Value; r.Kind == Filter && (strings.EqualFold(word, "any") || strings.EqualFold(word, "all")) {
		r.All = true
		return
	}
	before := p.failed
	for _, written := range list {
		failed := p.failed
		text := p.text(p.resolve(written), path)
		if text.Set() && text.Value != "" {
			p.spend(cost{values: 1})
			r.References = append(r.References, text)
		} else if p.failed == failed {
			p.fail(written, path, "name of a rule is "+kindName(p.resolve(written)), "expected the id or the name of a rule")
		}
	}
	if len(r.References) == 0 && !r.All && p.failed == before {
		p.fail(n, path, r.Kind.String()+" has no rules", "name the rules that it refers to, by id or name")
	}
}

// generate parses whether the rules of a correlation also match alone. Sigma's
// specification puts the key beside the correlation, and pySigma inside it.
func (p *parser) generate(r *Rule, n *yaml.Node, path string) {
	failed := p.failed
	switch text := p.text(n, path); text.Value {
	case "true", "True", "TRUE":
		r.Generates = true
	case "false", "False", "FALSE":
	default:
		if p.failed > failed {
			return
		}
		p.fail(n, path, "value of generate is "+kindName(n), "expected true or false")
	}
}

// kinds are the keys of documents that are not detections.
var kinds = map[string]Kind{"correlation": Correlation, "filter": Filter, "action": Collection}

// text parses a scalar. Null counts as absent.
func (p *parser) text(n *yaml.Node, path string) Text {
	if n.Kind != yaml.ScalarNode {
		p.fail(n, path, "value is "+kindName(n), "expected text")
		return Text{}
	}
	if yamltext.IsNull(n) {
		return Text{}
	}
	if p.tag(n, path) {
		return Text{}
	}
	if len(n.Value) > channelfile.MaxTextLength {
		p.fail(n, path, fmt.Sprintf("value has %s bytes; the limit is %s", count(len(n.Value)), count(channelfile.MaxTextLength)), "shorten it")
		return Text{}
	}
	p.spend(cost{bytes: len(n.Value)})
	return Text{n.Value, p.position(n)}
}

var (
	statuses = []string{"stable", "test", "experimental", "deprecated", unsupportedStatus}
	levels   = []string{"informational", "low", "medium", "high", "critical"}
)

// unsupportedStatus is the only status with an effect: the rule is left out.
const unsupportedStatus = "unsupported"

// newID is the advice for a rule without a UUID.
const newID = "give it a random UUID: uuidgen makes one, and build --derive-ids derives one from the path"

// header checks the metadata of a rule. Values without an effect are warnings.
func (p *parser) header(r *Rule) {
	if n := utf8.RuneCountInString(r.Title.Value); n > MaxTitle {
		p.warn(r, r.Title.Position, "title", fmt.Sprintf("title has %s characters, and Sigma's limit is %d", count(n), MaxTitle), "shorten it", Correction{})
	}
	if r.Title.Set() && strings.TrimSpace(r.Title.Value) == "" {
		p.add(r.Title.Position, "title", "title is empty", "say what the rule detects")
	}
	if _, ok := r.UUID(); r.ID.Set() && !ok {
		p.warn(r, r.ID.Position, "id", fmt.Sprintf("id %s is not a UUID, so the rule counts as one without an id", quote(r.ID.Value)), newID, Correction{})
	}
	if v := r.SigmaVersion; v.Set() {
		if _, ok := parseVersion(v.Value); !ok {
			p.add(v.Position, "sigma-version", fmt.Sprintf("%s is not a version of Sigma", quote(v.Value)), "expected one such as 2 or "+SpecVersion)
		}
	}
	if t := r.Taxonomy; t.Value != sigmaTaxonomy && strings.EqualFold(t.Value, sigmaTaxonomy) {
		p.addOf(t.Position, &Error{Position: t.Position, Path: "taxonomy", Found: fmt.Sprintf("taxonomy %s is not Sigma's", quote(t.Value)),
			Want: fmt.Sprintf("did you mean %s?", quote(sigmaTaxonomy)), Correction: corrects(CorrectsStatus, t.Value, sigmaTaxonomy)})
	}
	for _, f := range []struct {
		path  string
		text  Text
		known []string
	}{{"status", r.Status, statuses}, {"level", r.Level, levels}} {
		if !f.text.Set() || slices.Contains(f.known, f.text.Value) {
			continue
		}
		if i := slices.IndexFunc(f.known, func(known string) bool { return strings.EqualFold(known, f.text.Value) }); i >= 0 {
			p.warn(r, f.text.Position, f.path, fmt.Sprintf("Sigma spells %s %s in lower case", f.path, quote(f.text.Value)), "write "+quote(f.known[i]), corrects(CorrectsStatus, f.text.Value, f.known[i]))
			continue
		}
		found, want := fmt.Sprintf("%s %s is not one of Sigma's", f.path, quote(f.text.Value)), didYouMean(f.text.Value, f.known)
		c := corrects(CorrectsStatus, f.text.Value, nearest(f.text.Value, f.known))
		if f.path == "status" && misspelt(f.text.Value, []string{unsupportedStatus}) != "" {
			// such a rule would be left out
			p.addOf(f.text.Position, &Error{Position: f.text.Position, Path: f.path, Found: found, Want: want, Correction: c})
		} else {
			p.warn(r, f.text.Position, f.path, found, want, c)
		}
	}
	for _, f := range []struct {
		path string
		text Text
	}{{"date", r.Date}, {"modified", r.Modified}} {
		if !f.text.Set() {
			continue
		}
		// Until 2024, Sigma's dates had slashes.
		_, err := time.Parse("2006-01-02", strings.ReplaceAll(f.text.Value, "/", "-"))
		if err != nil {
			p.warn(r, f.text.Position, f.path, fmt.Sprintf("%s is not a date", quote(f.text.Value)), "write year, month and day, such as 2024-07-19", Correction{})
		}
	}
}

func (p *parser) logsource(n *yaml.Node) Logsource {
	l := Logsource{Position: p.position(n)}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "logsource", "logsource is "+kindName(n), "expected a map with category, product or service")
		return l
	}
	before := p.failed
	present := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, p.resolve(n.Content[i+1])
		present[key] = true
		to := map[string]*Text{categoryKey: &l.Category, productKey: &l.Product, serviceKey: &l.Service}[key]
		if to == nil {
			continue
		}
		failed := p.failed
		if *to = p.text(value, "logsource."+key); to.Value == "" && p.failed == failed {
			p.fail(n.Content[i+1], "logsource."+key, key+" is empty", "give it a value, or remove the line")
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if meant := misspeltKey(key.Value, logsourceKeys, present); meant != "" {
			p.correct(key, "logsource", fmt.Sprintf("key %s is not one of Sigma's", quote(key.Value)), fmt.Sprintf("did you mean %s?", quote(meant)),
				corrects(CorrectsLogsource, key.Value, meant))
		}
	}
	if l.String() == "" && p.failed == before {
		p.fail(n, "logsource", "logsource names no category, product or service", "expected at least one")
	}
	return l
}

// detection parses a detection. It parses the searches first, because a
// condition may stand before the searches that it names.
func (p *parser) detection(r *Rule, n *yaml.Node) {
	d := &r.Detection
	d.Position = p.position(n)
	if n.Kind != yaml.MappingNode {
		p.fail(n, "detection", "detection is "+kindName(n), "expected a map of searches and a condition")
		return
	}
	before := p.failed
	var condition *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], p.resolve(n.Content[i+1])
		switch key.Value {
		case conditionKey:
			condition = value
		case timeframeKey:
			d.Timeframe = p.text(value, "detection.timeframe")
		default:
			d.Searches = append(d.Searches, p.search(key, value))
		}
	}
	if len(d.Searches) > MaxSearches {
		p.fail(n, "detection", fmt.Sprintf("detection has %s searches; the limit is %d", count(len(d.Searches)), MaxSearches), "split the rule")
		return
	}
	if len(d.Searches) == 0 && p.failed == before {
		p.fail(n, "detection", "detection has no search", "expected a map of field names to values, such as \"selection\"")
		return
	}
	if condition == nil {
		want := "say which searches must hold, such as \"condition: selection\""
		for _, s := range d.Searches {
			if near := nearest(s.Name.Value, []string{"condition"}); near != "" {
				want = fmt.Sprintf("is %s in line %d a misspelling of it?", quote(s.Name.Value), s.Name.Line)
			}
		}
		p.fail(n, "detection", "detection has no condition", want)
		return
	}
	p.conditions(r, condition)
}

func (p *parser) search(key, n *yaml.Node) *Search {
	s := &Search{Name: Text{key.Value, p.position(key)}}
	path := "detection." + clip(key.Value)
	if len(key.Value) > MaxSearchName || key.Value == "" {
		p.fail(key, "detection", fmt.Sprintf("name of a search has %s", plural(len(key.Value), "byte")), fmt.Sprintf("expected 1 to %d", MaxSearchName))
		return s
	}
	switch n.Kind {
	case yaml.MappingNode:
		s.Alternatives = []Alternative{p.alternative(n, path)}
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			p.fail(n, path, "search is an empty list", "expected maps of field names to values, or keywords")
		}
		for i, item := range n.Content {
			s.Alternatives = append(s.Alternatives, p.alternative(p.resolve(item), fmt.Sprintf("%s[%d]", path, i)))
		}
	default:
		s.Alternatives = []Alternative{p.alternative(n, path)}
	}
	return s
}

// alternative parses a map of fields, or a keyword.
func (p *parser) alternative(n *yaml.Node, path string) Alternative {
	a := Alternative{Position: p.position(n)}
	switch n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 0 {
			p.fail(n, path, "search is an empty map", "expected field names and values")
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			value := p.resolve(n.Content[i+1])
			if item := p.item(n.Content[i], value, n.Content[i+1], path); item != nil {
				a.Items = append(a.Items, item)
			}
		}
	case yaml.ScalarNode:
		value, ok := p.value(n, n, path)
		if ok && value.Null {
			p.fail(n, path, "search is empty", "expected a map of field names to values, a list of such maps, or keywords")
		}
		it := &Item{Position: a.Position, Path: path, Values: []Value{value}}
		if ok && !value.Null {
			p.checkValues(it)
		}
		a.Items = []*Item{it}
	default:
		p.fail(n, path, "search has a list in a list", "expected maps of field names to values, or keywords")
	}
	return a
}

// item parses a field with its modifiers and values. written is the node at the
// place of the value: n, or an alias of n.
func (p *parser) item(key, n, written *yaml.Node, path string) *Item {
	it := &Item{Position: p.position(key), Path: path, Key: key.Value}
	if len(key.Value) > MaxKey {
		p.add(it.Position, path, fmt.Sprintf("field has %s bytes with its modifiers; the limit is %s", count(len(key.Value)), count(MaxKey)), "shorten it")
		return nil
	}
	start := p.src.Offset(key.Line, key.Column)
	words := strings.Split(key.Value, "|")
	it.Field = words[0]
	at := len(words[0])
	for _, word := range words[1:] {
		it.Modifiers = append(it.Modifiers, Text{word, Position(p.src.Within(start, key.Value, at+1))})
		at += 1 + len(word)
	}
	if it.Field != strings.TrimSpace(it.Field) {
		p.add(it.Position, path, fmt.Sprintf("field name %s begins or ends with a space", quote(it.Field)), "remove it")
		return nil
	}
	if it.Field == "" && len(it.Modifiers) == 0 {
		p.add(it.Position, path, "field name is empty", "expected a name, or \"|all\" for keywords")
		return nil
	}
	c, found, want, place := newChain(it.Modifiers)
	if found != "" {
		e := &Error{Position: place, Path: path, Found: found, Want: want}
		if i := slices.IndexFunc(it.Modifiers, func(m Text) bool { return m.Position == place }); i >= 0 && !slices.Contains(modifierNames(), it.Modifiers[i].Value) {
			e.Correction = corrects(CorrectsModifier, it.Modifiers[i].Value, nearest(it.Modifiers[i].Value, modifierNames()))
		}
		p.addOf(place, e)
		return nil
	}
	if it.Field == "" {
		if found, want, place := c.forKeywords(it.Modifiers); found != "" {
			p.add(place, path, found, want)
			return nil
		}
	}
	it.chain = c
	sound := true
	switch n.Kind {
	case yaml.ScalarNode:
		if v, ok := p.value(n, written, path); ok {
			it.Values = []Value{v}
		}
	case yaml.SequenceNode:
		it.List = true
		if len(n.Content) == 0 {
			p.fail(written, path, fmt.Sprintf("%s has an empty list of values", clip(it.Key)), "expected at least one value")
		}
		for _, element := range n.Content {
			v, ok := p.value(p.resolve(element), element, path)
			if ok && v.Null {
				p.fail(element, path, "the list of values contains null", nullInList)
				sound = false
			}
			if ok {
				it.Values = append(it.Values, v)
			}
		}
	default:
		p.fail(written, path, fmt.Sprintf("value of %s is %s", clip(it.Key), kindName(n)), "expected a value or a list of values")
	}
	if len(it.Values) > 0 && sound {
		p.checkValues(it)
	}
	return it
}

// value parses a scalar as its author wrote it. It rejects a tag, because a tag
// changes the kind of the value, except for !!str, which has the same effect as
// quotes.
func (p *parser) value(n, written *yaml.Node, path string) (Value, bool) {
	if n.Kind != yaml.ScalarNode {
		p.fail(written, path, "value is "+kindName(n), "expected text or a number")
		return Value{}, false
	}
	start := p.src.Offset(written.Line, written.Column)
	v := Value{Text: Text{n.Value, Position(p.src.At(start))}, Null: yamltext.IsNull(n)}
	if text, ok := p.src.Written(start, n.Value); ok {
		v.inside = Position{v.Line, v.Column + text - start}
	}
	switch {
	case n.Style&yaml.SingleQuotedStyle != 0:
		v.style = single
	case n.Style&(yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		v.style = double
	}
	return v, !p.tag(n, path)
}

// tag reports whether a scalar has a YAML tag that changes its kind, and
// records an error if so.
func (p *parser) tag(n *yaml.Node, path string) bool {
	if tagged(n) {
		p.fail(n, path, fmt.Sprintf("value has the YAML tag %s", clip(n.Tag)), "write the value without it, in quotes")
	}
	return tagged(n)
}

// nullInList is the advice for a null in a list of values.
const nullInList = "Sigma 2.1.0 does not allow null in a list: write a second search that compares only this field with null, and join the two with or"

// charge counts values of the file and their bytes. If they exceed a limit of
// the file, charge records an error and returns false.
func (p *parser) charge(it *Item, values, bytes int) bool {
	p.values += values
	p.bytes += bytes
	it.weight += values
	if p.values > MaxValues || p.bytes > MaxValueBytes {
		p.exhaust(it.Position, it.Path, fmt.Sprintf("file has more than %s values, or more than %s bytes of them, counting the values that aliases repeat and modifiers add",
			count(MaxValues), count(MaxValueBytes)))
	}
	return !p.full
}

// checkValues checks the values of an item as far as possible without the type
// of its field.
func (p *parser) checkValues(it *Item) {
	c := &it.chain
	if c.all && len(it.Values) < 2 {
		p.add(it.Position, it.Path, fmt.Sprintf("%s has the modifier all and only one value", clip(it.Key)),
			"all combines the values of a list; remove it")
	}
	if c.kind == "exists" && it.List {
		p.add(it.Values[0].Position, it.Path, "exists has a list of values", "expected true or false")
		return
	}
	p.spend(cost{values: fieldValues})
	for _, v := range it.Values {
		if p.spend(cost{values: 1, bytes: len(v.Value)}); !p.charge(it, 1, len(v.Value)) {
			return
		}
		fail := func(found, want string) { p.add(v.Position, it.Path, found, want) }
		if v.Null {
			if it.Field == "" {
				fail("null is a keyword", "put it in quotes if you mean the text")
			} else if c.kind != "" || len(c.steps) > 0 || c.cased {
				fail(fmt.Sprintf("null is a value of %s", clip(it.Key)), "null allows only the modifiers all and neq; put it in quotes if you mean the text")
			}
			continue
		}
		switch c.kind {
		case "exists":
			if v.style != plain || !slices.Contains([]string{"true", "True", "TRUE", "false", "False", "FALSE"}, v.Value) {
				fail("value of exists is "+clip(v.source()), "expected true or false, without quotes")
			}
		case "lt", "lte", "gt", "gte":
			n, ok := decimal(v.Value)
			switch {
			case !ok && c.unsupported == "" && isNumber(v.Value):
				// Compile reports this number, which is not a decimal integer.
			case !ok && c.unsupported == "":
				fail(fmt.Sprintf("value of %s is %s", c.kind, quote(v.Value)), "expected a number")
			case ok && (c.kind == "lt" && n == minInt64 || c.kind == "gt" && n == maxInt64):
				fail(fmt.Sprintf("no number is %s %d", map[string]string{"lt": "less than", "gt": "greater than"}[c.kind], n), "the comparison never holds")
			}
		case "cidr":
			if found, want := cidrProblem(v.Value); found != "" {
				fail(found, want)
			}
		case "fieldref":
			if g := parseGlob(v.Value); g.wildcards("*?") || v.Value == "" {
				fail(fmt.Sprintf("value of fieldref is %s", quote(v.Value)), "expected the name of a field")
			}
		case "re": // Compile checks it
		default:
			if c.expand || !c.multiplies() {
				continue // with expand, Compile checks the filled-in values
			}
			made, size, problem := c.measure(v.Value)
			if !p.charge(it, made-1, size) { // one value is already counted
				return
			}
			if problem != "" {
				fail(fmt.Sprintf("value %s %s", quote(v.Value), problem), "")
			}
		}
	}
}

const (
	minInt64 = -1 << 63
	maxInt64 = 1<<63 - 1
)

// decimal parses an integer as channel files do: without a plus, without
// leading zeros, without "-0".
func decimal(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}

// isNumber reports whether s is a number in any notation.
func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	if err != nil {
		_, err = strconv.ParseInt(s, 0, 64)
	}
	return err == nil
}

// cidrProblem returns the problem with a network and the expected content, or
// "" if the network is correct.
func cidrProblem(s string) (found, want string) {
	network, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Sprintf("value of cidr is %s", quote(s)), "expected a network such as 10.0.0.0/8 or fe80::/10"
	}
	if network != network.Masked() {
		return fmt.Sprintf("network %s has bits after its first %d", s, network.Bits()), fmt.Sprintf("did you mean %s?", network.Masked())
	}
	return "", ""
}

func (p *parser) conditions(r *Rule, n *yaml.Node) {
	d := &r.Detection
	const path = "detection.condition"
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
		if len(list) == 0 {
			p.fail(n, path, "condition is an empty list", "expected a condition")
		}
	}
	before := p.failed
	length := 0
	for i, written := range list {
		path := path
		if n.Kind == yaml.SequenceNode {
			path = fmt.Sprintf("%s[%d]", path, i)
		}
		node := p.resolve(written)
		if length += len(node.Value); length > MaxConditionLength {
			p.fail(written, path, fmt.Sprintf("conditions are longer than %s bytes", count(MaxConditionLength)), "shorten them, or split the rule")
			return
		}
		if c := p.condition(d, node, path); c != nil {
			d.Conditions = append(d.Conditions, c)
		}
	}
	if p.failed > before {
		return
	}
	used, named := map[string]bool{}, map[string]bool{}
	for _, c := range d.Conditions {
		c.Node.walk(func(n *Node) {
			switch n.Op {
			case Named:
				used[n.Name], named[n.Name] = true, true
			case AnyOf, AllOf:
				list := d.Matching(n.Name)
				for _, s := range list {
					used[s.Name.Value] = true
				}
				if n.Op == AllOf && len(list) == 1 && list[0].Name.Value == n.Name && list[0].several() {
					r.Alone = append(r.Alone, Note{r.Name, n.Position, "all of " + clip(n.Name),
						"one search has the name, and one value of its list is enough; write the modifier \"all\" at the field, or the name of the search alone", Correction{}})
				}
			}
		})
	}
	present := map[string]bool{conditionKey: true, timeframeKey: d.Timeframe.Set()}
	for _, s := range d.Searches {
		if meant := misspeltKey(s.Name.Value, detectionKeys, present); meant != "" && !named[s.Name.Value] {
			p.addOf(s.Name.Position, &Error{Position: s.Name.Position, Path: "detection", Found: fmt.Sprintf("no condition names search %s", quote(s.Name.Value)),
				Want: fmt.Sprintf("did you mean %s?", quote(meant)), Correction: corrects(CorrectsKey, s.Name.Value, meant)})
			continue
		}
		if !used[s.Name.Value] {
			r.Unused = append(r.Unused, Note{r.Name, s.Name.Position, "detection." + clip(s.Name.Value), "no condition uses this search; use it, or remove it", Correction{}})
		}
	}
}

// several reports whether a search is a list of which one value, or one map, is enough.
func (s *Search) several() bool {
	if len(s.Alternatives) != 1 {
		return len(s.Alternatives) > 1
	}
	for _, it := range s.Alternatives[0].Items {
		if len(it.Values) > 1 && !it.chain.all {
			return true
		}
	}
	return false
}

func (p *parser) condition(d *Detection, n *yaml.Node, path string) *Condition {
	if n.Kind != yaml.ScalarNode || yamltext.IsNull(n) {
		p.fail(n, path, "condition is "+kindName(n), "expected text such as \"selection and not filter\"")
		return nil
	}
	if p.tag(n, path) {
		return nil
	}
	c := &Condition{Text: Text{n.Value, p.position(n)}}
	start := p.src.Offset(n.Line, n.Column)
	place := func(offset int) Position { return Position(p.src.Within(start, n.Value, offset)) }
	tree, bar, err := parseCondition(n.Value, d, place)
	if err != nil {
		p.add(err.Position, path, err.Found, err.Want)
		return nil
	}
	c.Node = tree
	if bar >= 0 {
		c.Aggregation = Text{strings.TrimSpace(n.Value[bar+1:]), place(bar)}
	}
	return c
}
