// Package trace explains why a rule matches an event, or does not.
//
// A [Rule] is prepared once, from a rule of Sigma with [OfRule] or from an instance of a channel
// file with [OfInstance]. [Rule.Tree] returns the condition as a tree with the truth of each part
// on an event. The interpreter decides each comparison, and the truth of the root is the result of
// the interpreter for the whole rule.
//
// [Rule.Hosts] answers for the builds of a fleet: whether their hosts record the event, which of
// its inputs they hand over, and whether the rule then matches.
package trace
