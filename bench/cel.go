//go:build !small

package main

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"github.com/cfcheck/cfcheck/channelfile"
)

var celDialect = &dialect{
	ref: func(name string) string { return name },
	call: map[channelfile.Operator]string{
		channelfile.OpEquals: "%s == %s", channelfile.OpPrefix: "%s.startsWith(%s)",
		channelfile.OpSuffix: "%s.endsWith(%s)", channelfile.OpContains: "%s.contains(%s)",
	},
	matches: "%s.matches(%s)",
	in:      "%s in [%s]",
}

// celGo runs a compiled program of cel-go for each rule.
var celGo = &engine{name: "cel-go", version: moduleVersion("cel.dev/cel-go"), build: func(c *content) (runner, error) {
	activations := make([]map[string]any, len(c.events))
	for i, values := range c.values {
		activations[i] = map[string]any{}
		c.rules.variables(values, func(name string, v any) { activations[i][name] = v })
	}
	options := []cel.EnvOption{cel.ParserExpressionSizeLimit(-1)}
	for name, v := range activations[0] {
		kind := cel.StringType
		switch v.(type) {
		case bool:
			kind = cel.BoolType
		case int64:
			kind = cel.IntType
		}
		options = append(options, cel.Variable(name, kind))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	programs := make([]cel.Program, len(c.rules.conditions))
	for i, n := range c.rules.conditions {
		ast, issues := env.Compile(celDialect.infix(c.rules, n))
		if err := issues.Err(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
		// The option compiles regular expressions in advance.
		programs[i], err = env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return nil, fmt.Errorf("rule %d: %w", i, err)
		}
	}
	var matched []int
	return c.runner(func(event int) ([]int, error) {
		matched = matched[:0]
		activation, err := cel.NewActivation(activations[event])
		if err != nil {
			return nil, err
		}
		for i, p := range programs {
			holds, _, err := p.Eval(activation)
			if err != nil {
				return nil, fmt.Errorf("rule %d: %w", i, err)
			}
			if holds.Value() == true {
				matched = append(matched, i)
			}
		}
		return matched, nil
	}), nil
}}
