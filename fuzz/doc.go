// Package fuzz holds the fuzz targets that span the packages of cfcheck, and
// the properties that go with them. It exports nothing.
//
// Each target holds a sentence:
//
//   - FuzzParse: any bytes give a file or a *ParseError, which points into the
//     bytes and is of a kind that channelfile lists; of a file every method
//     returns, for every index, and its layout tiles it.
//   - FuzzReadersAgree: Parse says of any bytes what a second reader says, which
//     goes through FORMAT.md, section 7, requirement by requirement, and is as
//     plain as it can be: the same error, or the same requirements broken.
//   - FuzzEncode: a file in normal form encodes to itself, byte by byte; any
//     other to an error or to a file in normal form, which encodes to itself.
//   - FuzzStructured: a model that the Builder takes is the model that is read
//     from what it encodes.
//   - FuzzRegexp: any expression is compiled or refused, in a place inside it
//     and for a reason that is listed; the program finds what Go's package
//     regexp finds.
//   - FuzzGate: any bytes, any fleet and all checks give one report, the same at
//     each run, whose findings are inside the file; and what it accepts is safe,
//     as a second, naive judge reckons from the file and the fleet alone.
//   - FuzzInterpreter: of any file that can be read, on any event of the declared
//     types, the content interpreter and the model of a sensor that checks
//     nothing match the same instances, and no more operations are counted than
//     steps are charged; with fewer inputs than are read both say so, and
//     nothing else is read outside.
//   - FuzzSensors: on the same, sensors that check nothing read the same inputs
//     in the same order as the model, match the same and count the same; where
//     the model reads what it was not given, the processor refuses it.
//   - FuzzDocuments: any JSON for a fleet, for definitions and for needs is
//     refused by a *JSONError, or can be judged with any file.
//   - FuzzSigma: any YAML is refused, in a place inside the text, or becomes a
//     channel file in normal form that fits its type, whatever else the gate
//     says of it.
//   - FuzzReport: every writer can write any report; the JSON keeps its schema,
//     and the text has no control characters but line ends.
//
// The seeds of the targets are the files of package corpus, the rules of
// package sigma's tests, and shapes that past incidents left on disks. They run
// in go test. docs/fuzzing.md says how to fuzz.
//
// Besides, the tests hold that no byte is without meaning: of every file of the
// corpus some bytes are changed, and of a few files all, header fields get their
// bytes swapped, sections of two files are mixed; and that no channel file makes
// the gate take more than a multiple of its size.
package fuzz
