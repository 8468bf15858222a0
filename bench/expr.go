package main

import (
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
	environments := c.variables()
	var machine vm.VM
	return c.eachRule(exprDialect, func(text string) (func(event int) (bool, error), error) {
		program, err := expr.Compile(text, expr.Env(environments[0]), expr.AsBool(), expr.MaxNodes(0))
		return func(event int) (bool, error) {
			holds, err := machine.Run(program, environments[event])
			return holds == true, err
		}, err
	})
}}
