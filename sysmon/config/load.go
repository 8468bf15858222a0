package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// Load decides how a build takes the configuration. It follows the loader:
//
//  1. It reads the declared schema version, and finds the grammar.
//  2. It refuses the file if anything in it is not of the grammar.
//  3. It reads options, in the order of the file, up to the first one without text.
//  4. It compiles the event elements, tag by tag in the order of the build's newest
//     manifest. For each element it takes the first event of the tag that has all fields.
//     If no event has, it drops the element and all later ones of the tag.
//  5. It judges the values of the options.
//
// The source of this order is the published loader of schema 4.81. Earlier builds with MSXML
// are judged alike. Problems that are not certain for them have Sure false.
//
// Load does not change c, so several builds may be judged at the same time.
func (c *Config) Load(b *sysmon.Build) *Loading {
	l := loader{Loading: Loading{Build: b, Sure: true}, config: c, build: b, manifest: b.Manifest(), known: b.Schema.Compare(libxml) >= 0}
	l.load()
	return &l.Loading
}

// A loader is the state of [Config.Load].
type loader struct {
	Loading
	config   *Config
	build    *sysmon.Build
	grammar  *grammar
	manifest *sysmon.Schema // newest schema of the build
	roles    []role         // of each node
	known    bool           // the build has the loader whose source is published

	nextGroup uint32     // ID of the next Rule
	later     []*grammar // of the schemas after Grammar; nil means not yet made
}

func (l *loader) load() {
	if !l.version() {
		return
	}
	l.grammar = grammarOf(l.build, l.Grammar)
	l.judge()
	if l.Refused != nil {
		return
	}
	l.Rules = &sysmon.Rules{Schema: l.Declared}
	l.options()
	l.compile()
	if l.Refused == nil {
		l.damage()
	}
	l.knownBugs()
	if l.Refused != nil {
		l.Rules = nil
	}
}

// full reports whether no further problem of a kind is kept, and counts it. Callers ask
// before they write a text, because a file can have hundreds of thousands of faults.
func (l *loader) full(k Kind) bool {
	if len(l.Problems) < MaxProblems || l.Refused == nil && (k == Refused || k == Crashes) {
		return false
	}
	l.More++
	return true
}

// since returns the first schema after that of the grammar in which an element has a role
// below a parent, and false if no later schema has it.
func (l *loader) since(parent role, name, tag string) (sysmon.Version, bool) {
	if l.later == nil {
		l.later = grammarsAfter(l.Grammar)
	}
	for _, g := range l.later {
		if g.roleOf(parent, name, tag) != unknown {
			return g.schema.Version, true
		}
	}
	return sysmon.Version{}, false
}

// problem reports a problem at an element.
func (l *loader) problem(k Kind, r Reason, node int, text, fix string) {
	l.report(&Problem{Kind: k, Reason: r, Node: node, Place: l.config.Nodes[node].Place, Text: text, Fix: fix, Sure: true})
}

// judgedBy names the grammar in messages.
func (l *loader) judgedBy() string {
	if l.Grammar.Version == l.Declared {
		return "schema " + l.Declared.String()
	}
	return fmt.Sprintf("schema %s, by which Sysmon %s judges a file of %s", l.Grammar.Version, l.build.Name, l.Declared)
}

// version reads the declared version and finds the grammar.
func (l *loader) version() bool {
	n := &l.config.Nodes[0]
	if e := l.config.Encoding; e == UTF16BE || e == UTF16BEBOM {
		l.report(&Problem{
			Kind: Refused, Reason: WrongEncoding, Place: n.Place, Sure: l.known,
			Text: "the file is " + e.String() + ", which the loader does not read", Fix: "save it as UTF-8",
		})
		return false
	}
	if n.Name != "Sysmon" {
		l.problem(Refused, WrongRoot, 0, fmt.Sprintf("the first element is <%s> (want <Sysmon>)", show(n.Name)), "check that this is a configuration of Sysmon")
		return false
	}
	a := l.config.Attr(0, "schemaversion")
	if a == nil {
		l.report(&Problem{
			Kind: Crashes, Reason: NoVersion, Place: n.Place, Sure: l.known,
			Text: "<Sysmon> has no attribute schemaversion: the loader stops with an exception", Fix: "add schemaversion=\"" + l.build.Schema.String() + "\"",
		})
		return false
	}
	v, ok, crash := declaredVersion(a.Value)
	if !ok {
		p := Problem{
			Kind: Refused, Reason: WrongVersion, Place: a.Place, Sure: l.known,
			Text: fmt.Sprintf("schemaversion is %q (want a number such as %s)", cut(a.Value), l.build.Schema), Fix: "declare the schema version for which the file was written",
		}
		if crash {
			p.Kind, p.Text = Crashes, p.Text+": the loader stops with an exception"
		}
		l.report(&p)
		return false
	}
	l.Declared = v
	s, err := l.build.Grammar(v)
	if err != nil {
		l.report(&Problem{
			Kind: Refused, Reason: UnsupportedVersion, Place: a.Place, Sure: true,
			Text: "unsupported schema version " + v.String() + ": " + err.Error(), Fix: "declare a version of the build's schema, and adapt the file to it",
		})
		return false
	}
	l.Grammar = s
	return true
}

// judge compares all elements, attributes and texts with the grammar. Afterwards roles is
// set.
func (l *loader) judge() {
	c := l.config
	l.roles = make([]role, len(c.Nodes))
	l.roles[0] = root
	for i := range c.Nodes {
		n := &c.Nodes[i]
		if i > 0 {
			parent := l.roles[n.Parent]
			if parent == unknown {
				continue // its first unknown ancestor has a problem
			}
			if r := l.grammar.roleOf(parent, n.Name, c.Nodes[n.Parent].Name); r != unknown {
				l.roles[i] = r
			} else {
				l.unknownElement(i)
				continue
			}
		}
		l.attributes(i)
		r := l.roles[i]
		if r == emptyOption && n.HasContent && !l.full(Refused) {
			l.problem(Refused, NotEmpty, i, fmt.Sprintf("<%s> has contents (%s wants <%s/>)", n.Name, l.judgedBy(), n.Name), "empty it")
		}
		if !r.holdsText() && n.TextPlace.Line > 0 && !l.full(Refused) {
			l.report(&Problem{
				Kind: Refused, Reason: StrayText, Node: i, Place: n.TextPlace, Sure: true,
				Text: fmt.Sprintf("text in <%s>, which holds elements only", n.Name), Fix: "delete it, or make it a comment",
			})
		}
	}
	if l.Refused == nil {
		return
	}
	// The loader does not get to the conditions; they are for the reader of the report.
	for i := range c.Nodes {
		if l.roles[i] == field {
			l.condition(i)
		}
	}
}

// unknownElement reports an element that the grammar does not have at its place.
func (l *loader) unknownElement(i int) {
	if l.full(Refused) {
		return
	}
	n := &l.config.Nodes[i]
	p := &l.config.Nodes[n.Parent]
	parent := l.roles[n.Parent]
	text, fix := fmt.Sprintf("unknown element <%s> in <%s> (%s)", show(n.Name), p.Name, l.judgedBy()), "delete it"
	switch v, ok := l.since(parent, n.Name, p.Name); {
	case parent.holdsText():
		text = fmt.Sprintf("element <%s> in <%s>, which holds text only", show(n.Name), p.Name)
	case ok && v.Compare(l.build.Schema) <= 0:
		text += fmt.Sprintf("; schema %s has it", v)
		fix = "declare schemaversion=\"" + v.String() + "\", or delete it"
	case ok:
		text += fmt.Sprintf("; it came with schema %s", v)
		fix = "delete it for this build, or upgrade the build"
	default:
		if near := l.grammar.near(parent, n.Name, p.Name); near != "" {
			fix = "write <" + near + ">, or delete it"
		}
	}
	l.problem(Refused, UnknownElement, i, text, fix)
}

// attributes compares the attributes of an element with the grammar.
func (l *loader) attributes(i int) {
	c := l.config
	n, r := &c.Nodes[i], l.roles[i]
	related := r != group
	for _, a := range c.Attrs(i) {
		ok, words := false, ""
		switch {
		case r == root:
			ok = a.Name == "schemaversion"
		case (r == group || r == rule || r == field) && a.Name == "name":
			ok = l.grammar.names
		case r == group && a.Name == "groupRelation":
			ok, words, related = true, "and or", true
		case r == rule:
			ok = a.Name == "groupRelation"
		case r == field:
			ok = a.Name == "condition"
		case r == event && (a.Name == "onmatch" || a.Name == "default"):
			ok, words = true, "include exclude"
		}
		first, second, _ := strings.Cut(words, " ")
		wrong := words != "" && word(a.Value) != first && word(a.Value) != second
		switch {
		case ok && !wrong:
		case l.full(Refused):
		case !ok:
			l.report(&Problem{
				Kind: Refused, Reason: UnknownAttribute, Node: i, Place: a.Place, Sure: true,
				Text: fmt.Sprintf("unknown attribute %s of <%s> (%s)", show(a.Name), n.Name, l.judgedBy()), Fix: "delete it",
			})
		default:
			l.report(&Problem{
				Kind: Refused, Reason: WrongValue, Node: i, Place: a.Place, Sure: true,
				Text: fmt.Sprintf("%s of <%s> is %q (want %q or %q; case counts)", a.Name, n.Name, cut(a.Value), first, second), Fix: "write one of the two",
			})
		}
	}
	if !related && !l.full(Refused) {
		l.problem(Refused, MissingAttribute, i, "<RuleGroup> has no attribute groupRelation", `add groupRelation="or" or groupRelation="and"`)
	}
}

// word returns the value of an attribute that is one of a list of words: a reader drops the
// spaces around it.
func word(s string) string { return strings.Trim(s, " ") }

// condition returns the operator of a field element. It reports one that the build does not
// have, and returns false.
func (l *loader) condition(i int) (sysmon.Operator, bool) {
	a := l.config.Attr(i, "condition")
	if a == nil || a.Value == "" {
		return sysmon.Is, true
	}
	op, ok := sysmon.OperatorNamed(a.Value)
	if ok && l.manifest.HasOperator(op) {
		return op, true
	}
	if l.full(Refused) {
		return 0, false
	}
	p := Problem{Kind: Refused, Reason: UnknownCondition, Node: i, Place: a.Place, Sure: true}
	names := make([]string, 0, 16)
	for _, o := range l.manifest.Operators {
		names = append(names, o.String())
	}
	list := strings.Join(names, ", ")
	if ok {
		p.Text = fmt.Sprintf("Sysmon %s does not know the condition %q (want one of: %s)", l.build.Name, op, list)
		p.Fix = "use another condition for this build, or upgrade the build"
	} else {
		p.Text = fmt.Sprintf("unknown condition %q (want one of: %s)", cut(a.Value), list)
		p.Fix = "write a known condition"
	}
	l.report(&p)
	return 0, false
}

// options reads the options.
func (l *loader) options() {
	c, o := l.config, &l.Rules.Options
	last := map[string]int{}
	var order []int
	for i := c.Nodes[0].First; i >= 0; i = c.Nodes[i].Next {
		n := &c.Nodes[i]
		if n.Name == "EventFiltering" {
			continue
		}
		if !n.HasText {
			l.optionsEnd(i)
			break
		}
		if before, ok := last[n.Name]; ok {
			l.problem(Ignored, RepeatedOption, before, fmt.Sprintf("<%s> has no effect: line %d sets it again", n.Name, n.Place.Line), "delete one of the two")
		}
		last[n.Name] = i
		order = append(order, i)
	}
	for _, i := range order {
		n := &c.Nodes[i]
		if last[n.Name] != i || n.Text == "" {
			continue
		}
		if fault := set(o, l.manifest, n.Name, n.Text); fault != "" {
			l.report(&Problem{Kind: Refused, Reason: WrongOption, Node: i, Place: n.Place, Text: fmt.Sprintf("<%s>: %s", n.Name, fault), Fix: "correct the value", Sure: l.known})
		}
	}
}

// optionsEnd reports the option without text at which the loader stops.
func (l *loader) optionsEnd(i int) {
	c := l.config
	p := Problem{Kind: Ignored, Reason: OptionsEnd, Node: i, Place: c.Nodes[i].Place, Sure: l.known}
	var names []string
	for j := c.Nodes[i].Next; j >= 0; j = c.Nodes[j].Next {
		if c.Nodes[j].Name != "EventFiltering" {
			p.Lost = append(p.Lost, c.Nodes[j].Place)
			names = append(names, c.Nodes[j].Name)
		}
	}
	p.Text = fmt.Sprintf("<%s> has no text: the loader does not set it, and reads no option behind it", c.Nodes[i].Name)
	if len(names) > 0 {
		p.Text += fmt.Sprintf(" (%s)", strings.Join(names[:min(len(names), 10)], ", "))
	}
	p.Fix = "give it a value such as True, or move it behind all other options"
	if l.roles[i] == emptyOption {
		p.Fix = "move it behind all other options; it has no effect in a file"
	}
	l.report(&p)
}

// set sets an option. It returns a fault for a value that the build refuses, or "".
func set(o *sysmon.Options, manifest *sysmon.Schema, name, value string) string {
	switch name {
	case "HashAlgorithms":
		list, fault := hashes(value)
		o.HashAlgorithms = list
		return fault
	case "CheckRevocation":
		o.CheckRevocation = setting(value)
	case "DnsLookup":
		o.DnsLookup = setting(value)
	case "ArchiveDirectory":
		if strings.Contains(value, `\`) {
			return fmt.Sprintf("the value is %q (want the name of one folder, without \\)", cut(value))
		}
		o.ArchiveDirectory = value
	case "DriverName":
		o.DriverName = value
	case "FieldSizes":
		list, fault := fieldSizes(manifest, value)
		o.FieldSizes = list
		return fault
	case "ProcessAccessConfig":
		o.ProcessAccess = value
	case "PipeMonitoringConfig":
		o.PipeMonitoring = value
	case "DriverQueueSize":
		o.DriverQueueSize = value
	case "SigningQueueSize":
		o.SigningQueueSize = value
	}
	return ""
}

// setting reads a switch. The source that compares its value is not public, so only the two
// words of Microsoft's documentation count.
func setting(value string) sysmon.Setting {
	switch {
	case strings.EqualFold(value, "true"):
		return sysmon.On
	case strings.EqualFold(value, "false"):
		return sysmon.Off
	}
	return sysmon.Unset
}

var allHashes = []string{"MD5", "SHA1", "SHA256", "IMPHASH"}

// hashes reads a list of hash algorithms. Two commas count as one, and the list ends at an
// empty item: at its end, or behind a comma in front.
func hashes(value string) ([]string, string) {
	if value == "*" || strings.EqualFold(value, "all") {
		return allHashes, ""
	}
	var list []string
	for i, item := range strings.Split(value, ",") {
		name := strings.ToUpper(item)
		switch name {
		case "":
			if i == 0 {
				return nil, ""
			}
			continue
		case "SHA-1", "MD-5", "SHA-256", "IMP-HASH":
			name = strings.ReplaceAll(name, "-", "")
		case "SHA1", "MD5", "SHA256", "IMPHASH":
		default:
			return nil, fmt.Sprintf("unknown algorithm %q (want md5, sha1, sha256, imphash, with commas and without spaces, or *)", cut(item))
		}
		list = append(list, name)
	}
	return list, ""
}

// fieldSizes reads a list such as CommandLine:100,Image:20.
func fieldSizes(manifest *sysmon.Schema, value string) ([]sysmon.FieldSize, string) {
	for _, c := range []byte(value) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == ',' || c == ':') {
			return nil, fmt.Sprintf("the value has the character %q (want letters, digits, : and ,)", rune(c))
		}
	}
	var list []sysmon.FieldSize
	for item := range strings.SplitSeq(value, ",") {
		name, size, ok := strings.Cut(item, ":")
		if !ok {
			continue // the loader passes over an item without a colon
		}
		known := false
		for i := range manifest.Events {
			known = known || manifest.Events[i].Field(name) >= 0
		}
		if !known {
			return nil, fmt.Sprintf("no event has the field %q", cut(name))
		}
		end := 0
		for end < len(size) && '0' <= size[end] && size[end] <= '9' {
			end++
		}
		n, err := strconv.ParseInt(size[:end], 10, 32)
		if err != nil || n <= 0 {
			return nil, fmt.Sprintf("the size of %s is %q (want a number from 1 to 2147483647)", name, cut(size))
		}
		list = append(list, sysmon.FieldSize{Field: name, Units: int(n)})
	}
	return list, ""
}
