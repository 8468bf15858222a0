package trace

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
)

// OfRule prepares a rule of Sigma that compiles for a definition. Its tree is the condition as the
// author wrote it: a search that the condition names twice stands twice in the tree. Preparing
// compiles each comparison alone, so it takes longer than to compile the rule.
func OfRule(rule *sigma.Rule, d *sensor.Definition, placeholders sigma.Placeholders) (*Rule, error) {
	c := &compiler{definition: d, placeholders: placeholders, rule: *rule, items: map[*sigma.Item]*item{}}
	// The copies of the rule need an ID, and a logsource of the type, which the rule may not state.
	c.rule.ID = sigma.Text{Value: "661140ae-bbe2-5d91-a412-5f6617cf2e3c", Position: rule.Position}
	if len(d.Logsources) > 0 {
		l := d.Logsources[0]
		text := func(s string) (t sigma.Text) {
			if s != "" {
				t = sigma.Text{Value: s, Position: rule.Logsource.Position}
			}
			return t
		}
		c.rule.Logsource = sigma.Logsource{Position: rule.Logsource.Position, Category: text(l.Category), Product: text(l.Product), Service: text(l.Service)}
	}
	if err := c.add(rule.Detection); err != nil {
		return nil, err
	}
	values := 0
	for _, s := range rule.Detection.Searches {
		for _, a := range s.Alternatives {
			for _, it := range a.Items {
				values += len(it.Values)
			}
		}
	}
	for _, condition := range rule.Detection.Conditions {
		for _, s := range searchesOf(&rule.Detection, condition.Node) {
			for _, a := range s.Alternatives {
				for _, it := range a.Items {
					if err := c.item(it, values <= MaxValues); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	parts, err := c.compile()
	if err != nil {
		return nil, err
	}
	r := &Rule{
		Title: rule.Title.Value, ID: rule.ID.Value, Place: Place{rule.Name, rule.Line, rule.Column}, Definition: d,
		whole: parts[0], reads: parts[0].reads(),
	}
	t := &ruleTree{rule: rule, compiler: c, parts: parts}
	r.root = t.root
	return r, nil
}

// searchesOf returns the searches that a condition names.
func searchesOf(d *sigma.Detection, n *sigma.Node) (list []*sigma.Search) {
	switch n.Op {
	case sigma.Named:
		return []*sigma.Search{d.Search(n.Name)}
	case sigma.AnyOf, sigma.AllOf:
		return d.Matching(n.Name)
	}
	for _, arg := range n.Args { // at most sigma.MaxConditionDepth levels
		list = append(list, searchesOf(d, arg)...)
	}
	return list
}

// A compiler makes a channel file with an instance for a rule, and one for each of its items and
// values.
type compiler struct {
	definition   *sensor.Definition
	placeholders sigma.Placeholders
	rule         sigma.Rule
	instances    []sigma.Compiled
	items        map[*sigma.Item]*item
}

// An item has the places of the instances for a comparison and for its values.
type item struct {
	at     int
	values []int // nil if the comparison has no parts
}

// add adds an instance for a detection.
func (c *compiler) add(d sigma.Detection) error {
	rule := c.rule
	rule.Detection = d
	out, err := sigma.Compile(&rule, c.definition, c.placeholders)
	if err != nil {
		return err
	}
	c.instances = append(c.instances, out)
	return nil
}

// item adds the instances for a comparison, unless they are there.
func (c *compiler) item(it *sigma.Item, values bool) error {
	if c.items[it] != nil {
		return nil
	}
	of := &item{at: len(c.instances)}
	c.items[it] = of
	if err := c.add(alone(it)); err != nil {
		return err
	}
	if len(it.Values) < 2 || !values {
		return nil
	}
	for i := range it.Values {
		one := *it
		one.Values = it.Values[i : i+1]
		one.List = false
		of.values = append(of.values, len(c.instances))
		if err := c.add(alone(&one)); err != nil {
			return err
		}
	}
	return nil
}

// alone returns a detection that is one comparison.
func alone(it *sigma.Item) sigma.Detection {
	name := sigma.Text{Value: "comparison", Position: it.Position}
	search := &sigma.Search{Name: name, Alternatives: []sigma.Alternative{{Position: it.Position, Items: []*sigma.Item{it}}}}
	node := &sigma.Node{Position: it.Position, Op: sigma.Named, Name: name.Value}
	return sigma.Detection{Position: it.Position, Searches: []*sigma.Search{search}, Conditions: []*sigma.Condition{{Text: name, Node: node}}}
}

// compile returns the instances as parts of one file, in the order in which they were added.
func (c *compiler) compile() ([]part, error) {
	d := c.definition
	b := channelfile.NewBuilder(channelfile.Header{
		Channel: d.Channel, Revision: 1, Type: d.Number, TypeVersion: d.Version, InputsDeclared: uint16(len(d.Inputs)),
	})
	for i := range c.instances {
		var id channelfile.ID
		binary.BigEndian.PutUint64(id[8:], uint64(i+1))
		if err := b.Add(id, c.instances[i].Condition, &c.instances[i].Origin); err != nil {
			return nil, err
		}
	}
	data, err := b.Encode()
	if err != nil {
		return nil, err
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("internal error: the compiled comparisons cannot be read: %w", err)
	}
	parts := make([]part, f.Instances())
	interpreter := interp.New(f, &named)
	for i := range parts { // instances are sorted by ID
		parts[i] = part{f, interpreter, i}
	}
	return parts, nil
}

// A ruleTree makes the trees of a rule.
type ruleTree struct {
	rule *sigma.Rule
	*compiler
	parts []part
}

func (t *ruleTree) root(e interp.Event) (*Node, error) {
	any := &Node{Kind: Or, Name: "conditions", Place: t.place(t.rule.Detection.Position)}
	for _, condition := range t.rule.Detection.Conditions {
		n, err := t.node(condition.Node, e)
		if err != nil {
			return nil, err
		}
		any.Parts = append(any.Parts, n)
	}
	if len(any.Parts) == 1 {
		return any.Parts[0], nil
	}
	return any.join(), nil
}

func (t *ruleTree) place(p sigma.Position) Place { return Place{t.rule.Name, p.Line, p.Column} }

// node returns a part of a condition. It does not recurse deeper than the parser of conditions.
func (t *ruleTree) node(n *sigma.Node, e interp.Event) (*Node, error) {
	out := &Node{Kind: And, Place: t.place(n.Position)}
	switch n.Op {
	case sigma.Named:
		return t.search(t.rule.Detection.Search(n.Name), e)
	case sigma.Not:
		out.Kind = Not
	case sigma.Or:
		out.Kind = Or
	case sigma.AnyOf, sigma.AllOf:
		out.Kind, out.Name = Or, "1 of "+n.Name
		if n.Op == sigma.AllOf {
			out.Kind, out.Name = And, "all of "+n.Name
		}
		for _, s := range t.rule.Detection.Matching(n.Name) {
			part, err := t.search(s, e)
			if err != nil {
				return nil, err
			}
			out.Parts = append(out.Parts, part)
		}
	}
	for _, arg := range n.Args {
		part, err := t.node(arg, e)
		if err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, part)
	}
	if out.Kind == Not {
		out.Holds = !out.Parts[0].Holds
		return out, nil
	}
	return out.join(), nil
}

func (t *ruleTree) search(s *sigma.Search, e interp.Event) (*Node, error) {
	any := &Node{Kind: Or, Name: s.Name.Value, Place: t.place(s.Name.Position)}
	for _, a := range s.Alternatives {
		all := &Node{Kind: And, Place: t.place(a.Position)}
		for _, it := range a.Items {
			part, err := t.comparison(it, e)
			if err != nil {
				return nil, err
			}
			part.Name = s.Name.Value
			all.Parts = append(all.Parts, part)
		}
		if len(all.Parts) == 1 && len(s.Alternatives) > 1 {
			any.Parts = append(any.Parts, all.Parts[0])
			continue
		}
		any.Parts = append(any.Parts, all.join())
	}
	if len(s.Alternatives) == 1 {
		only := any.Parts[0]
		only.Name, only.Place = any.Name, any.Place
		return only, nil
	}
	return any.join(), nil
}

func (t *ruleTree) comparison(it *sigma.Item, e interp.Event) (*Node, error) {
	of := t.items[it]
	p := &t.parts[of.at]
	n := &Node{Kind: Comparison, Text: t.text(of.at), Place: t.place(it.Position), Inputs: p.reads()}
	var err error
	if n.Holds, err = p.run(e, &named); err != nil {
		return nil, err
	}
	for i, at := range of.values {
		v := &Node{Kind: Comparison, Text: strings.TrimPrefix(t.text(at), it.Key+": "), Place: t.place(it.Values[i].Position), Inputs: n.Inputs}
		if v.Holds, err = t.parts[at].run(e, &named); err != nil {
			return nil, err
		}
		n.Parts = append(n.Parts, v)
	}
	return n, nil
}

// text returns the source of a comparison, as its author wrote it.
func (t *ruleTree) text(at int) string {
	p := &t.parts[at]
	in := p.file.Instance(p.instance)
	for i := in.First; i < in.First+in.Count; i++ {
		if p.file.Word(i).IsReference() {
			_, text := p.file.Use(i)
			return text
		}
	}
	return ""
}

// OfInstance prepares an instance of a channel file of the type of a definition. Its tree is the
// condition in normal form. A comparison has the source that the file states, or a description.
func OfInstance(f *channelfile.File, instance int, d *sensor.Definition) *Rule {
	origin := f.Origin(instance)
	r := &Rule{
		Title: origin.Title, ID: origin.Rule, Place: Place{File: origin.Path, Line: origin.Line}, Definition: d,
		whole: part{f, interp.New(f, &named), instance},
	}
	if r.ID == "" {
		r.ID = f.Instance(instance).ID.String()
	}
	r.reads = r.whole.reads()
	r.root = func(e interp.Event) (*Node, error) { return r.words(e) }
	return r
}

// words returns the tree of the words of an instance.
func (r *Rule) words(e interp.Event) (*Node, error) {
	f := r.whole.file
	in := f.Instance(r.whole.instance)
	var stack []*Node
	for i := in.First; i < in.First+in.Count; i++ {
		w := f.Word(i)
		if w.IsReference() {
			n, err := r.reference(i, e)
			if err != nil {
				return nil, err
			}
			stack = append(stack, n)
			continue
		}
		n := &Node{Kind: Or, Parts: slices.Clone(stack[len(stack)-w.Operands():])}
		if w.IsAnd() {
			n.Kind = And
		}
		stack = append(stack[:len(stack)-w.Operands()], n.join())
	}
	if len(stack) == 1 {
		return stack[0], nil
	}
	return (&Node{Kind: And, Parts: stack}).join(), nil
}

// reference returns the node of a word that refers to a criterion.
func (r *Rule) reference(word int, e interp.Event) (*Node, error) {
	f := r.whole.file
	w := f.Word(word)
	line, text := f.Use(word)
	if text == "" {
		text = describe(f, f.Criterion(w.Criterion()), r.Definition)
	}
	n := &Node{Kind: Comparison, Text: text, Place: Place{File: r.Place.File, Line: line}, Inputs: criterionReads(f, w.Criterion())}
	var err error
	if n.Holds, err = r.whole.interpreter.RunCriterion(w.Criterion(), e); err != nil {
		return nil, err
	}
	if w.Negated() {
		return &Node{Kind: Not, Place: n.Place, Holds: !n.Holds, Parts: []*Node{n}}, nil
	}
	return n, nil
}

// describe describes a criterion of a file without provenance.
func describe(f *channelfile.File, c channelfile.Criterion, d *sensor.Definition) string {
	const most = 4
	var operands []string
	for v := range f.OperandValues(c) {
		if len(operands) == most {
			break
		}
		operands = append(operands, fmt.Sprintf("%.80q", []byte(v)))
	}
	for p := range f.OperandPrograms(c) {
		if len(operands) == most {
			break
		}
		operands = append(operands, fmt.Sprintf("%.80q", p.Source()))
	}
	for other := range f.OperandInputs(c) {
		if len(operands) == most {
			break
		}
		operands = append(operands, d.InputName(other))
	}
	text := d.InputName(int(c.Input)) + " " + c.Operator.String()
	if len(operands) > 0 {
		text += " " + strings.Join(operands, ", ")
	}
	if more := int(c.Count) - len(operands); more > 0 && len(operands) > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
