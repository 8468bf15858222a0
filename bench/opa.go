//go:build !small

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

var regoDialect = &dialect{
	ref: func(name string) string { return "input." + name },
	call: map[channelfile.Operator]string{
		channelfile.OpEquals: "%s == %s", channelfile.OpPrefix: "startswith(%s, %s)",
		channelfile.OpSuffix: "endswith(%s, %s)", channelfile.OpContains: "contains(%s, %s)",
	},
	in: "%s in {%s}",
	// The function has the expression first.
	matches: "regex.match(%[2]s, %[1]s)",
}

// A module is a Rego module that is being written.
type module struct {
	strings.Builder
	rules *rules
	named map[string]bool
}

// opa evaluates one module of the Open Policy Agent, whose set "hit" has the matching rules. Its
// compiler indexes rules by equality.
var opa = &engine{name: "OPA", version: moduleVersion("github.com/open-policy-agent/opa"), most: slow, build: func(c *content) (runner, error) {
	m := &module{rules: c.rules, named: map[string]bool{}}
	m.WriteString("package w\n")
	for i, n := range c.rules.conditions {
		body := m.body(n, fmt.Sprintf("r%d", i))
		fmt.Fprintf(m, "hit contains %d if { %s }\n", i, body)
	}
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.w.hit"), rego.Module("w.rego", m.String())).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	inputs := make([]ast.Value, len(c.events))
	for i, variables := range c.variables() {
		if inputs[i], err = ast.InterfaceToValue(variables); err != nil {
			return nil, err
		}
	}
	var matched []int
	return c.runner(func(event int) ([]int, error) {
		matched = matched[:0]
		results, err := query.Eval(ctx, rego.EvalParsedInput(inputs[event]))
		if err != nil {
			return nil, err
		}
		for _, hit := range results[0].Expressions[0].Value.([]any) {
			n, err := hit.(json.Number).Int64()
			if err != nil {
				return nil, err
			}
			matched = append(matched, int(n))
		}
		return matched, nil
	}), nil
}}

// body returns expressions that all hold if the condition holds. It writes rules for the parts that
// are not conjunctions, under names that start with the given one.
func (m *module) body(n node, name string) string {
	if n.criterion >= 0 {
		return m.criterion(n)
	}
	var parts []string
	for i, child := range n.children {
		parts = append(parts, m.body(child, fmt.Sprintf("%s_%d", name, i)))
	}
	if n.and {
		return strings.Join(parts, "; ")
	}
	for _, p := range parts {
		fmt.Fprintf(m, "%s if { %s }\n", name, p)
	}
	return name
}

// criterion returns expressions for a criterion. It writes a rule for one with alternatives, and
// for a negated one of several expressions.
func (m *module) criterion(n node) string {
	list := regoDialect.alternatives(&m.rules.criteria[n.criterion])
	if len(list) == 1 && (!n.negated || len(list[0]) == 1) {
		if n.negated {
			return "not " + list[0][0]
		}
		return strings.Join(list[0], "; ")
	}
	name := fmt.Sprintf("c%d", n.criterion)
	if !m.named[name] {
		m.named[name] = true
		for _, a := range list {
			fmt.Fprintf(m, "%s if { %s }\n", name, strings.Join(a, "; "))
		}
	}
	if n.negated {
		return "not " + name
	}
	return name
}
