// Package meaning decides questions about conditions over the fields of an event: can a condition
// hold for some event, does it hold for every event, can each of its alternatives make it hold,
// and does one condition imply another.
//
// A [Formula] joins tests with [And], [Or] and [Not]. A [Test] compares one field with one operand,
// as FORMAT.md, section 8, defines. [Instances] reads the conditions of a channel file as formulas.
// Other formulas, such as those of another sensor's configuration, are made with [Is].
//
// # The fragment
//
// A [Solver] answers [Yes] or [No] only if it is sure, and [Unknown] otherwise. Callers must treat
// Unknown as silence.
//
//   - No is a proof: no event has these values. It considers more events than can occur, because
//     it uses no maximum lengths and no bounds of a definition.
//   - Yes comes with an event for which the formula holds. The solver evaluates the formula on the
//     event before it answers.
//
// The solver decides each set of tests of one field, within its budgets, as follows.
//
//   - Strings: exists, equals, prefix, suffix, contains, wildcard patterns, regular expressions,
//     and integers, each with or without case folding. Each test is an automaton over the runes
//     of the value, and the solver searches the product of the automata. All bytes that are not
//     part of valid UTF-8 are one more symbol of the alphabet, because no test tells them apart.
//   - Inputs of type integer and address: ranges.
//
// The solver gives these tests no automaton: address ranges on strings, operands that are
// not valid UTF-8, and patterns that are not in normal form. It leaves them out of the proof, which
// remains correct, and answers Yes only if the event satisfies them too. The same holds for tests
// that compare two fields.
//
// The solver searches the Boolean structure by itself. It asserts the parts that must hold, solves
// the fields, and branches on an alternative that the values found so far do not satisfy.
// After a contradiction it returns to the last choice that took part in it.
package meaning
