// Package ruletest runs the tests of detection rules: events that a rule must match, and events
// that it must not match.
//
// It reads two forms. In the first a person writes a [File] beside the rules: the tests of
// rules/a.yml are in rules/a.test.yml. In the second, which the Sigma project uses, a rule names an
// [Info] by its key regression_tests_path.
//
// [Load] finds the tests of rules, and [Set.Run] runs them on the compiled rules in the reference
// interpreter. Nothing passes by absence: a test without an event, an event of another type than
// that of the rule, a missing rule and a file that cannot be read each have an [Outcome] with its
// place.
package ruletest
