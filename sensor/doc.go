// Package sensor describes what reads channel files: which inputs a sensor
// build really hands to its content interpreter, and what a file requires of
// it.
//
// Content needs inputs; each sensor build supplies some. The two sides are
// written down apart, and neither is taken from the other:
//
//   - A [Definition] is what authors write against: the inputs that one version
//     of a template type declares.
//   - A [Contract] is what one build does: how it reads, and what it supplies. A
//     [Fleet] is contracts with the number of hosts that run each.
//   - [Needs] is what a file requires, computed from its content alone by
//     [NeedsOf].
//
// A file is fit for a fleet if its needs are met by the supply of every build.
// On 19 July 2024 a file was shipped whose definition declared 21 inputs; the
// validator believed the definition, and the build supplied 20.
//
// All three are JSON documents as well, read by [ReadDefinitions], [ReadFleet]
// and [ReadNeeds]. They decide verdicts, so they are read strictly: what is
// unknown, double, misspelt, out of range or left over is a [*JSONError] that
// names the line. [Schemas] has their JSON Schemas.
//
// What a file does is seen by running it: an [Interpreter] checks everything, a
// [Model] is a sensor that checks nothing and is watched, a [Synthesizer] makes
// the events that reach what they do, and a [Witness] is such an event with a
// file, for a person. INTERPRETER.md says how content is run.
//
// For a reader that finds its inputs by name a missing input breaks nothing,
// but it changes what a rule says. A [Folder] tells how.
package sensor
