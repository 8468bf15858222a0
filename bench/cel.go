//go:build !small

package main

import (
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
var celGo = &engine{name: "cel-go", version: moduleVersion("cel.dev/cel-go"), most: slow, build: func(c *content) (runner, error) {
	variables := c.variables()
	options := []cel.EnvOption{cel.ParserExpressionSizeLimit(-1)}
	for name, v := range variables[0] {
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
	activations := make([]cel.Activation, len(variables))
	for i, v := range variables {
		if activations[i], err = cel.NewActivation(v); err != nil {
			return nil, err
		}
	}
	return c.eachRule(celDialect, func(text string) (func(event int) (bool, error), error) {
		ast, issues := env.Compile(text)
		if err := issues.Err(); err != nil {
			return nil, err
		}
		// The option compiles regular expressions in advance.
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		return func(event int) (bool, error) {
			holds, _, err := program.Eval(activations[event])
			return err == nil && holds.Value() == true, err
		}, err
	})
}}
