package sigma

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/yamltext"
)

// Placeholders are the values of each placeholder, by its name without the "%".
// A value has the syntax of a string in a rule, with wildcards and escapes,
// except that a "%" is literal.
type Placeholders map[string][]string

// names returns the names of the placeholders, for [nearest].
func (p Placeholders) names() []string {
	var names []string
	for name := range p {
		names = append(names, name)
	}
	return names
}

// Unfilled returns the placeholders in the rules of LeftOut that are not among the given ones, each
// once, sorted. The errors of these rules need not name them all: a rule with another error would
// fail a second time.
func (res *Result) Unfilled(given Placeholders) []string {
	lacking := map[string]bool{}
	for _, r := range res.LeftOut {
		for _, s := range r.Detection.Searches {
			for _, a := range s.Alternatives {
				for _, it := range a.Items {
					for _, name := range it.unfilled(given) {
						lacking[name] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(lacking))
}

// ReadPlaceholders parses a document with the values of placeholders: a map
// from names to values or lists of values, in YAML or JSON. The name of the
// file is used only in messages, and ReadPlaceholders opens no file.
// MaxFileSize and MaxValueBytes bound the time and memory.
//
// A non-nil error joins an [*Error] for each problem, as the error of [Parse]
// does.
func ReadPlaceholders(name string, data []byte) (Placeholders, error) {
	src, fault := yamltext.New(data, limits)
	if fault != nil {
		return nil, unreadable(name, fault)
	}
	p := &parser{name: name, src: src, rule: new(Rule)}
	loader, err := src.Loader()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var doc, more yaml.Node
	if err := loader.Load(&doc); err != nil && err != io.EOF {
		p.yamlError(err)
		return nil, p.errs.err(name)
	}
	if len(doc.Content) != 1 || yamltext.IsNull(doc.Content[0]) {
		p.add(Position{1, 1}, "", "file has no placeholders in it", wantPlaceholders)
		return nil, p.errs.err(name)
	}
	placeholders := p.placeholders(doc.Content[0])
	if err := loader.Load(&more); err == nil && len(more.Content) == 1 {
		p.fail(more.Content[0], "", "file has a second document", "write a single map")
	} else if err != nil && err != io.EOF {
		p.yamlError(err)
	}
	if p.failed > 0 {
		return nil, p.errs.err(name)
	}
	return placeholders, nil
}

const wantPlaceholders = "expected a map such as \"Administrators: ['adm_*', root]\""

func (p *parser) placeholders(n *yaml.Node) Placeholders {
	if !p.vet(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "", "file is "+kindName(n), wantPlaceholders)
		return nil
	}
	placeholders := Placeholders{}
	for i := 0; i+1 < len(n.Content) && !p.full; i += 2 {
		key, written := n.Content[i], n.Content[i+1]
		name := key.Value
		if placeholderName(name+"%") != name || name == "" {
			p.fail(key, "", "name "+quote(name)+" is not a name of a placeholder", "expected letters, digits and underscores, without the \"%\"")
			continue
		}
		value := p.resolve(written)
		list := []*yaml.Node{written}
		if value.Kind == yaml.SequenceNode {
			list = value.Content
			if len(list) == 0 {
				p.fail(written, name, "placeholder has no values", "expected at least one")
			}
		}
		for _, element := range list {
			v, ok := p.value(p.resolve(element), element, name)
			switch {
			case ok && v.Null:
				p.fail(element, name, "value is null", "write the value, or put it in quotes if you mean the text")
			case ok:
				if p.bytes += len(v.Value); p.bytes > MaxValueBytes {
					p.exhaust(v.Position, name, fmt.Sprintf("file has more than %s bytes of values, counting those that aliases repeat", count(MaxValueBytes)))
					return nil
				}
				placeholders[name] = append(placeholders[name], v.Value)
			}
		}
	}
	return placeholders
}
