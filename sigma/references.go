package sigma

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
)

// references are the references between rules: from correlations and filters to
// rules, and between the documents of a rule collection.
type references struct {
	ids    map[channelfile.ID][]*Rule
	labels map[string][]*Rule
	words  []string // all IDs and names, as their authors wrote them
	hints  int      // number of references for which a similar name was looked for
}

// maxHints is the maximum number of references for which resolve looks for a
// similar name.
const maxHints = 20

func referencesOf(rules []*Rule) *references {
	refs := &references{ids: map[channelfile.ID][]*Rule{}, labels: map[string][]*Rule{}}
	for _, r := range rules {
		if id, err := channelfile.ParseID(r.ID.Value); err == nil {
			refs.ids[id] = append(refs.ids[id], r)
			refs.words = append(refs.words, r.ID.Value)
		}
		if r.Label.Set() {
			refs.labels[r.Label.Value] = append(refs.labels[r.Label.Value], r)
			refs.words = append(refs.words, r.Label.Value)
		}
	}
	return refs
}

// to returns the rules that a reference names. It may return several, because
// only well-formed rules have unique IDs and names.
func (refs *references) to(reference string) []*Rule {
	found := refs.labels[reference]
	if id, err := channelfile.ParseID(reference); err == nil {
		found = append(found[:len(found):len(found)], refs.ids[id]...)
	}
	return found
}

// resolve records the references of a rule that name no rule. A misspelt
// reference is an error of the author.
func (c *compiler) resolve(refs *references) {
	r := c.rule
	for _, ref := range r.References {
		if len(refs.to(ref.Value)) > 0 {
			continue
		}
		path, near := r.extra.Value+".rules", ""
		if refs.hints++; refs.hints <= maxHints && c.spend(cost{steps: len(refs.words)}) {
			near = misspelt(ref.Value, refs.words)
		}
		if near != "" {
			c.fail(ref.Position, path, fmt.Sprintf("no rule has the id or name %s", quote(ref.Value)), fmt.Sprintf("did you mean %s?", quote(near)))
			continue
		}
		c.add(&UnresolvedError{Name: r.Name, Position: ref.Position, Path: path, ID: r.ID.Value, Title: r.Title.Value, Author: r.Author.Value, Kind: r.Kind, Reference: ref.Value})
	}
}

// dependents returns rules that may not ship without a correlation, filter or
// rule collection, and the reasons. A channel file cannot express these
// documents, and without them:
//   - the rules that a filter narrows would match more events
//   - the rules of a correlation would match alone, unless it generates them
//   - the rules of a collection would lack the content of another document
func (refs *references) dependents(rules []*Rule) map[*Rule]string {
	reasons := map[*Rule]string{}
	add := func(r *Rule, format string, of *Rule) {
		if r.Kind == Detecting && reasons[r] == "" {
			reasons[r] = fmt.Sprintf(format, fmt.Sprintf("%s:%d:%d", of.Name, of.Line, of.Column))
		}
	}
	collections := map[string]*Rule{} // by the name of the file
	var filters []*Rule               // filters for all rules of a logsource
	for _, r := range rules {
		format := ""
		switch {
		case r.Kind == Collection && collections[r.Name] == nil:
			collections[r.Name] = r
		case r.Kind == Filter && r.All:
			filters = append(filters, r)
		case r.Kind == Filter:
			format = narrowed
		case r.Kind == Correlation && !r.Generates:
			format = "it is part of the correlation at %s, which is left out and has no \"generate: true\""
		}
		if format != "" {
			for _, ref := range r.References {
				for _, to := range refs.to(ref.Value) {
					add(to, format, r)
				}
			}
		}
	}
	if len(filters)+len(collections) == 0 {
		return reasons
	}
	narrowedBy := map[[3]string]*Rule{} // by logsource, because rules share few logsources
	for _, r := range rules {
		if of := collections[r.Name]; of != nil {
			add(r, "it is part of the rule collection at %s, which is left out", of)
		}
		l := r.Logsource
		key := [3]string{l.Category.Value, l.Product.Value, l.Service.Value}
		of, known := narrowedBy[key]
		if !known {
			for _, f := range filters {
				if f.Logsource.contains(l) {
					of = f
					break
				}
			}
			narrowedBy[key] = of
		}
		if of != nil {
			add(r, narrowed, of)
		}
	}
	return reasons
}

const narrowed = "it is narrowed by the filter at %s, which is left out"

// contains reports whether m has all parts of l.
func (l Logsource) contains(m Logsource) bool {
	within := func(a, b Text) bool { return !a.Set() || a.Value == b.Value }
	return within(l.Category, m.Category) && within(l.Product, m.Product) && within(l.Service, m.Service)
}
