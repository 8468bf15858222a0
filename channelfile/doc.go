// Package channelfile reads and writes channel files, the binary content
// updates that an endpoint sensor loads while it runs. FORMAT.md specifies the
// format, byte by byte.
//
// [Parse] checks every length, count, offset and index once, against the bytes
// and tables that must back them. Whatever a [File] hands out afterwards lies
// inside the data: its methods cannot fail. Parse is meant for hostile input.
// It takes time linear in the size of the data, and memory of at most a byte an
// entry; the number of its allocations does not depend on the data.
//
// A file that can be read may still not be in normal form: its digests may be
// wrong, its entries unsorted. [File.Conformance] says which of these
// requirements are broken; where, the checks of package validate/structure say.
//
// A [Builder] writes: it takes conditions made of expressions such as
//
//	channelfile.And(
//		channelfile.Suffix(6, `\psexesvc.exe`).Fold(),
//		channelfile.Not(channelfile.Equals(5, `\psexesvc`).Fold()),
//	)
//
// and encodes them in normal form, so that one model has one file. For every
// file without a broken requirement, whose programs are those of their sources,
// [Encode] of what Parse read gives the same bytes again.
//
// Regular expressions travel as programs, which [CompileRegexp] makes and
// [File.Program] shows; an interpreter of theirs needs no compiler. Whether a
// program is the one of its source [File.CompareProgram] says.
//
// The package reads and writes; it does not judge. Whether a file that can be
// read is fit to ship is for package validate to say.
package channelfile
