// Package sensor describes the readers of channel files: the inputs that a sensor build actually
// supplies to its interpreter, and the inputs that a file requires.
//
// Content needs inputs, and each sensor build supplies some. The two sides have separate sources:
//
//   - A [Definition] is the page that authors write against: the inputs that one version of a
//     template type declares.
//   - A [Contract] describes one build: how it reads, and which inputs it supplies. A [Fleet]
//     is a list of contracts, with the number of hosts that run each build.
//   - [Needs] are the requirements of one file. [NeedsOf] computes them from its content alone.
//
// A file fits a fleet if every build supplies its needs. On 19 July 2024 a file was shipped whose
// definition declared 21 inputs. The validator trusted the definition, and the build supplied 20.
//
// Definitions, fleets, readers and needs are JSON documents too: [ReadDefinitions], [ReadFleet],
// [ReadReader] and [ReadNeeds] read them. Because they decide verdicts, the readers are strict. An
// unknown, repeated or missing key and a value out of range are a [*JSONError], which names the
// line. [Schemas] has the JSON Schemas.
//
// The packages below this one build on it:
//
//   - sensor/builtin has the definitions and example fleets that come with cfcheck.
//   - sensor/interp runs content: an interpreter that checks every bound, and a model of a
//     sensor that checks nothing.
//   - sensor/meaning decides whether a condition can hold, always holds, or implies another.
//   - sensor/outcome says how a rule changes at a reader that never gets some of its inputs.
//   - sensor/embedded puts the contract of a build into its binary, and finds it there.
package sensor
