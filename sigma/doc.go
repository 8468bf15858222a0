// Package sigma turns detection rules in Sigma's YAML into template instances
// of channel files.
//
// It works in two stages, as go/parser and go/types do. [Parse] reads a file
// and knows only Sigma: whatever it calls malformed is wrong by Sigma's own
// specification, whoever reads it. [Compile] takes one rule to one template
// type, and may find that the type has no such field ([*UnknownFieldError]) or
// that a channel file cannot say what the rule says ([*UnsupportedError]).
// [Load] reads a folder of rules and [Build] makes one channel file of each
// template type from them. [ReadPlaceholders] reads what placeholders stand for.
//
// The three kinds of error are kept apart because they call for different
// people: an [*Error] and an [*UnknownFieldError] are for the author of the
// rule, an [*UnsupportedError] is a limit of ours.
//
// docs/sigma.md says which meaning was chosen where Sigma leaves one open.
//
// The input may be hostile. Every size is capped before anything that depends
// on it is allocated, see the constants, and nothing recurses deeper than
// [MaxNesting] and [MaxConditionDepth].
package sigma
