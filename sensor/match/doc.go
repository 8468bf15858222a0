// Package match finds the instances of channel files that match an event, without evaluating
// them all.
//
// An [Index] is built once over the files of one template type, and is never changed. A
// [Matcher] of the index evaluates events, one after the other. Its answers are those of
// [interp.Interpreter.Run] in a reader that finds inputs by name. Goroutines use one Matcher
// each, and the answers do not depend on the number of goroutines.
//
// # How it works
//
// Most instances can only match if one of a few criteria holds. The index chooses such access
// criteria for each instance: those that probably hold most rarely, judged by the literals of all
// files. A criterion on strings needs certain literals in the value of its input: its operands, a
// part of a pattern, or the literals without which a regular expression cannot match. The index
// has tables of these literals for each input. Where an access criterion is frequent, up to two
// other criteria without which the instance cannot match are its guards.
//
// A Matcher works on an event in phases. So most accesses to memory in a phase do not depend on
// each other, and the processor waits for several of them at once:
//
//   - It folds each value, and finds the parts of it that may be in a table. Small bitmaps reject
//     most parts.
//   - It finds the buckets of these parts in the tables.
//   - It compares the literals of the buckets with the value, and marks their criteria. All data of
//     a bucket are in one place.
//   - It evaluates the instances whose access criterion and guards are marked.
//
// It also evaluates the instances that have no access criterion, such as those that consist of
// negations. Each criterion is evaluated at most once for an event.
//
// # Cost
//
// The time for an event hardly depends on the number of instances, as long as few of the access
// criteria hold. Content can be made so that many hold, for example by literals of one byte. A
// Matcher counts its work. If the work exceeds an eighth of an estimate for the interpreter, it
// gives up and runs the interpreter. So no event takes much more than it takes there.
//
// The memory of an index and of a Matcher is linear in the size of the files.
package match
