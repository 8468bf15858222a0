// Package asm is the assembler that builds the files of the corpus from their
// texts. It shares no code with the packages that read or write channel files, so
// a mistake in one of them cannot hide in the other. It knows bytes, labels and
// digests, but not the format. The assembly itself, in corpus/layouts, describes
// the form of a channel file.
//
// [Assemble] runs several texts. Each builds on those before it: a layout, a base,
// and the few lines by which a case differs. The result is an [Image], which
// knows the place of every part.
//
// # Text
//
// A line is a statement. An indented line is an item of the statement above it.
// After a comma a line continues in the next one. A # starts a comment. A file is a
// list of named blocks, a block is a list of items, and an item is a list of data:
//
//	block conditions of 4:            # entries of 4 bytes
//	  first:  u32 is(pipe), u32 isnt(user)
//	  second: u32 is(user)
//
// Data:
//
//	u8 X  u16 X  u32 X  u64 X  i64 X  a number, little-endian
//	hex 89 43 46                      bytes
//	str "\\pipe\n"  str `\pipe`       bytes of a string, quoted as in Go
//	wide "text" [of N]                the string in UTF-16, with zero bytes up to N units
//	uuid 7c3e….-…                     16 bytes in the order written
//	ip "10.0.0.1"                     16 bytes; IPv4 is mapped
//	fill N [with B]                   N bytes B, zero unless said
//	align N [with B]                  bytes up to the next multiple of N
//	sha256 A  sha256 A..B             digest of a part, or from A to the end of B
//	repeat N as i: data               the data N times, with i = 0, 1, …
//	name(arguments)                   a record
//
// Statements that build:
//
//	def name = X                      a name for an expression
//	def name(a, b) = X                the same with parameters
//	record name(a, b): f=u32 a, g=…   a name for data; f and g name its fields
//	block name [of N]:                a new block at the end
//
// Statements that change, or inspect, the parts above:
//
//	set PATH = X                      another value for a number, UUID or address
//	replace PATH: data                other data for an item
//	replace BLOCK:                    other items for a block
//	append to BLOCK:                  items at its end
//	insert before PATH:               items before an item; also: after
//	insert block name [of N] before BLOCK:    a block before another; also: after
//	remove PATH                       an item or a block
//	swap A, B                         two items of one block, or two blocks
//	assert X = Y                      fails unless they are equal; of the last text
//	patch PATH[+X] = hex              bytes, before the digests are computed
//	patch PATH[+X] ^= hex             the same by exclusive or
//
// Statements that damage the finished file, in their order:
//
//	damage PATH[+X] = hex             bytes; the digests stay as they are
//	damage PATH[+X] ^= hex
//	reverse PATH, PATH, …             the order of the bytes of each
//	append data                       at the end of the file
//	append itself                     the whole file once more
//	truncate at X                     cut the end off
//	transfer NAME                     the damage of a careless transfer; see [Transfer]
//
// A PATH is a block, block.item or block.item.field. The block may be left out if
// the rest is unique.
//
// Expressions have numbers, + - * / % ( ), names from def, "size" (of the whole
// file, before any damage) and functions of a PATH. off(p) is the offset from the
// start of the file, len(p) the length, and end(p) = off + len. index(p) is the
// place in its block, and count(p) the length in entries of that block.
//
// The assembler computes expressions after it has placed every part. So lengths,
// counts, offsets and digests are right, unless a case says otherwise.
package asm
