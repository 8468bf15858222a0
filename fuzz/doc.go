// Package fuzz has the fuzz targets and properties that span the packages of cfcheck. It
// exports nothing.
//
// Each target checks a property:
//
//   - FuzzParse: any bytes give a file or a *ParseError. The error points into the bytes and
//     is one that channelfile lists. Every method of a file returns, for every index, and the
//     layout covers the file without gaps.
//   - FuzzReadersAgree: Parse and the reference reader agree on any bytes: they return the
//     same error, or find the same requirements broken. The reference reader checks FORMAT.md,
//     section 7, requirement by requirement.
//   - FuzzEncode: a file in normal form encodes to itself, byte by byte. Any other file
//     encodes to an error, or to a file in normal form, which encodes to itself.
//   - FuzzStructured: a model that the Builder accepts is read back unchanged.
//   - FuzzRegexp: any expression is compiled or rejected. An error points into the
//     expression and has a listed reason. A program finds the same matches as Go's package
//     regexp.
//   - FuzzGate: for any bytes, any fleet and all checks, the gate always gives the same
//     report, and its findings are inside the file. An accepted file is safe according to the
//     reference judge, who uses only the file and the fleet.
//   - FuzzInterpreter: on any readable file and any event of the declared types, the content
//     interpreter and the model of a sensor that checks nothing match the same instances, and
//     at most as many operations are counted as steps are charged. If an event has fewer
//     inputs than are read, both report it. No other read is out of bounds.
//   - FuzzSensors: on the same files and events, other sensors that check nothing read the
//     same inputs in the same order as the model, match the same instances and count the same
//     operations. If the model reads a missing input, the processor stops the raw sensor.
//   - FuzzDocuments: any JSON for a fleet, for definitions or for needs is rejected with a
//     *JSONError, or can be judged with any file.
//   - FuzzSigma: any YAML is rejected with a position inside the text, or becomes a channel
//     file in normal form that fits its type.
//   - FuzzReport: every writer can write any report. The JSON follows its schema, and the
//     text has no control characters except line ends.
//
// The seeds of the targets are the files of package corpus, the rules of package sigma's
// tests, and corruptions known from past incidents. They run in go test. docs/fuzzing.md
// explains how to fuzz.
//
// Other tests check that every byte of a file has a meaning, and that no channel file makes
// the gate use more memory than a multiple of its size.
package fuzz
