// Package interp runs channel files, so that one can see the effect of content on a sensor.
//
//   - An [Interpreter] is the reference implementation of FORMAT.md, sections 8 and 9. It
//     checks every bound and type, and charges every step.
//   - A [Model] is a sensor that checks nothing. It reads through simulated memory and reports
//     the first read outside the object that it was meant for, as a [*Violation].
//   - A [Synthesizer] generates events that reach the criteria of an instance.
//     [Trials] run many instances on such events at a lower cost.
//   - A [Witness] is such an event with a small file: evidence for a person that a finding is
//     real.
//
// INTERPRETER.md in this directory defines the decisions that FORMAT.md leaves to an
// implementation, such as the order of reads.
package interp
