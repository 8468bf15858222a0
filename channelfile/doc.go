// Package channelfile reads and writes channel files, the binary content
// updates that an endpoint sensor loads while it runs. FORMAT.md specifies the
// format byte by byte.
//
// # Reading
//
// [Parse] reads a file and is safe on hostile input. It checks every length,
// count, offset and index once, against the bytes and tables that must back
// them. All entries that a [File] returns afterwards lie inside the data, so
// its methods cannot fail. Parse takes time linear in the size of the data and
// at most one byte of memory per entry. The number of its allocations does not
// depend on the data.
//
// A file that can be read may still not be in normal form. For example, its
// digests may be wrong or its entries unsorted. [File.Conformance] reports
// which requirements are broken. The checks in package validate/structure
// locate them.
//
// # Writing
//
// A [Builder] encodes template instances. The condition of an instance is an
// expression such as
//
//	channelfile.And(
//		channelfile.Suffix(6, `\psexesvc.exe`).Fold(),
//		channelfile.Not(channelfile.Equals(5, `\psexesvc`).Fold()),
//	)
//
// The Builder writes the normal form, which is unique for each model. If a file
// breaks no requirement, and each of its programs matches its source, [Encode]
// returns the same bytes again. [File.Extract] returns a file with one of the
// instances.
//
// # Regular expressions
//
// A file stores a regular expression as its source and as a compiled program. A
// sensor runs the program and needs no compiler. [CompileRegexp] compiles an
// expression, [File.Program] returns a program of a file, and
// [File.CompareProgram] reports whether a program matches its source.
//
// The package does not judge whether a file is fit to ship. Package validate
// does.
package channelfile
