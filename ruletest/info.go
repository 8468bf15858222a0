package ruletest

import (
	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/sigma"
)

// An Info is a file of the Sigma project with the regression tests of a rule, usually info.yml. Its
// form is described in "SigmaHQ Regression Testing Conventions" of the Sigma specification.
type Info struct {
	Name  string       // for messages
	IDs   []sigma.Text // of the rules, from rule_metadata
	Cases []Case       // each with a File, relative to a folder above that of the rule
}

// ParseInfo reads the regression tests of a rule. The rule must match at least match_count events,
// or one event if there is no match_count. The specification calls match_count the expected
// number. But the program of the Sigma project does not compare it, and some published numbers
// are too low. The error joins a [*sigma.Error] for each place, at most [MaxErrors].
func ParseInfo(name string, data []byte) (*Info, error) {
	info := &Info{Name: name}
	r := &reader{name: name}
	scalar := func(path string, n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.fail(n, path, "found "+kindOf(n), "expected a text")
		}
	}
	r.document(data, []key{
		{"id", scalar}, {"description", scalar}, {"date", scalar}, {"modified", scalar}, {"author", scalar},
		{"rule_metadata", func(path string, n *yaml.Node) {
			r.list(path, n, func(_ int, n *yaml.Node) {
				r.object(path, n, []key{
					{"id", func(path string, n *yaml.Node) { info.IDs = append(info.IDs, r.text(path, n)) }},
					{"title", scalar},
				})
			})
		}},
		{"regression_tests_info", func(path string, n *yaml.Node) {
			r.list(path, n, func(i int, n *yaml.Node) {
				c := Case{Position: r.place(n), Match: true, Name: path, Count: 1, Least: true}
				ok := r.object(path, n, []key{
					{"name", func(path string, n *yaml.Node) { c.Name = r.text(path, n).Value }},
					{"type", scalar}, {"provider", scalar},
					{"match_count", func(path string, n *yaml.Node) { c.Count = r.count(path, n) }},
					{"path", func(path string, n *yaml.Node) { c.File = r.text(path, n) }},
				})
				if ok && !c.File.Set() {
					r.fail(n, path, "the test has no events", "name their file with path")
				}
				info.Cases = append(info.Cases, c)
			})
		}},
	})
	if len(r.errs) == 0 && len(info.Cases) == 0 {
		r.add(sigma.Position{Line: 1, Column: 1}, "", "the file has no test", "write regression_tests_info")
	}
	if len(r.errs) == 0 && len(info.IDs) == 0 {
		r.add(sigma.Position{Line: 1, Column: 1}, "", "the file names no rule", "write rule_metadata with the id of the rule")
	}
	return info, r.err()
}
