// Package sigma compiles detection rules, written in Sigma's YAML, to template
// instances of channel files.
//
// It works in two stages, as go/parser and go/types do:
//   - [Parse] reads a file. It knows only Sigma, and the errors that it reports
//     are violations of Sigma's specification.
//   - [Compile] compiles one rule for one template type. The type may not have
//     a field of the rule ([*UnknownFieldError]), or a channel file may not be
//     able to express the rule ([*UnsupportedError]).
//
// [Load] reads a folder of rules, and [Build] makes one channel file for each
// template type from them. [ReadPlaceholders] reads the values of placeholders.
//
// The kinds of error are kept apart because different people must act on them.
// An [*Error] and an [*UnknownFieldError] are for the author of the rule. An
// [*UnsupportedError] is a limit of cfcheck.
//
// Where Sigma leaves a meaning open, docs/sigma.md states the meaning that this
// package chooses.
//
// The input may be hostile. Each size is limited before memory that depends on
// it is allocated; the constants are the limits. Recursion is at most
// [MaxNesting] or [MaxConditionDepth] levels deep.
package sigma
