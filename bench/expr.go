package main

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

var exprDialect = &dialect{
	ref: func(name string) string { return name },
	call: map[channelfile.Operator]string{
		channelfile.OpEquals: "%s == %s", channelfile.OpPrefix: "%s startsWith %s",
		channelfile.OpSuffix: "%s endsWith %s", channelfile.OpContains: "%s contains %s",
	},
	matches: "%s matches %s",
	in:      "%s in [%s]",
}

// exprLang runs a compiled program of github.com/expr-lang/expr for each rule.
var exprLang = &engine{name: "expr", version: moduleVersion("github.com/expr-lang/expr"), build: func(c *content) (runner, error) {
	environments := make([]map[string]any, len(c.events))
	for i, values := range c.values {
		env := map[string]any{}
		c.rules.variables(values, func(name string, v any) { env[name] = v })
		environments[i] = env
	}
	programs := make([]*vm.Program, len(c.rules.conditions))
	for i, n := range c.rules.conditions {
		p, err := expr.Compile(exprDialect.infix(c.rules, n), expr.Env(environments[0]), expr.AsBool(), expr.MaxNodes(0))
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
		programs[i] = p
	}
	var machine vm.VM
	var matched []int
	return c.runner(func(event int) ([]int, error) {
		matched = matched[:0]
		for i, p := range programs {
			holds, err := machine.Run(p, environments[event])
			if err != nil {
				return nil, fmt.Errorf("rule %d: %w", i, err)
			}
			if holds.(bool) {
				matched = append(matched, i)
			}
		}
		return matched, nil
	}), nil
}}
