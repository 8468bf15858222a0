//go:build peers

package main

import (
	"context"
	"errors"

	sigmago "github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
	ruleengine "github.com/markuskont/go-sigma-rule-engine"
	"github.com/runreveal/sigmalite"
)

func init() {
	peers = []peer{
		{name: "sigma-go", module: "github.com/bradleyjkemp/sigma-go", start: startSigmaGo},
		{name: "sigmalite", module: "github.com/runreveal/sigmalite", start: startSigmalite},
		{name: "go-sigma-rule-engine", module: "github.com/markuskont/go-sigma-rule-engine", start: startRuleEngine},
	}
}

// startSigmaGo leaves out the searches that cannot change the result, which is the faster way. The
// rules have no placeholders, so there are no texts for one.
func startSigmaGo(events []map[string]string) func(rule []byte) (func(event int) (bool, error), error) {
	ctx := context.Background()
	noText := func(context.Context, string) ([]string, error) { return nil, nil }
	return func(source []byte) (func(event int) (bool, error), error) {
		rule, err := sigmago.ParseRule(source)
		if err != nil {
			return nil, err
		}
		e := evaluator.ForRule(rule, evaluator.LazyEvaluation, evaluator.WithPlaceholderExpander(noText))
		return func(event int) (bool, error) {
			result, err := e.Matches(ctx, events[event])
			return result.Match, err
		}, nil
	}
}

func startSigmalite(events []map[string]string) func(rule []byte) (func(event int) (bool, error), error) {
	entries := make([]*sigmalite.LogEntry, len(events))
	for i, fields := range events {
		entries[i] = &sigmalite.LogEntry{Fields: fields}
	}
	return func(source []byte) (func(event int) (bool, error), error) {
		rule, err := sigmalite.ParseRule(source)
		if err != nil {
			return nil, err
		}
		return func(event int) (bool, error) { return rule.Detection.Matches(entries[event], nil), nil }, nil
	}
}

// ruleEngineEvent is an event of go-sigma-rule-engine. It has no keywords.
type ruleEngineEvent map[string]string

func (e ruleEngineEvent) Keywords() ([]string, bool) { return nil, false }

func (e ruleEngineEvent) Select(name string) (any, bool) {
	text, ok := e[name]
	return text, ok
}

func startRuleEngine(events []map[string]string) func(rule []byte) (func(event int) (bool, error), error) {
	list := make([]ruleengine.Event, len(events))
	for i, fields := range events {
		list[i] = ruleEngineEvent(fields)
	}
	return func(source []byte) (func(event int) (bool, error), error) {
		handles, err := ruleengine.NewRuleListFromRawRules([]string{string(source)}, false, false)
		if err != nil {
			return nil, err
		}
		if len(handles) != 1 {
			return nil, errors.New("the file has no rule")
		}
		tree, err := ruleengine.NewTree(handles[0])
		if err != nil {
			return nil, err
		}
		return func(event int) (bool, error) {
			match, applicable := tree.Match(list[event])
			return match && applicable, nil
		}, nil
	}
}
